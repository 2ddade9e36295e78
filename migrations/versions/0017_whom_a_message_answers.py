"""Whom a message answers, where that is another subscriber or one of our people's own accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("messages", sa.Column("answered_identity_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_messages_workspace_id_answered_identity_id"),
        "messages",
        "identities",
        ["workspace_id", "answered_identity_id"],
        ["workspace_id", "id"],
    )
    op.create_index(
        "ix_messages_answered_identity",
        "messages",
        ["answered_identity_id"],
        postgresql_where=sa.text("answered_identity_id is not null"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_messages_answered_identity", "messages")
    op.drop_constraint(op.f("fk_messages_workspace_id_answered_identity_id"), "messages", type_="foreignkey")
    op.drop_column("messages", "answered_identity_id")
