"""What people did to many conversations at once, so that it can be undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "bulk_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_bulk_changes_agent_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_changes")),
    )
    op.create_index(op.f("ix_bulk_changes_changed_at"), "bulk_changes", ["changed_at"])
    op.create_table(
        "bulk_steps",
        sa.Column("bulk_change_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bulk_change_id"], ["bulk_changes.id"], name=op.f("fk_bulk_steps_bulk_change_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_bulk_steps_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"],
            name=op.f("fk_bulk_steps_workspace_id_conversation_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("bulk_change_id", "conversation_id", name=op.f("pk_bulk_steps")),
    )  # fmt: skip
    op.create_index(op.f("ix_bulk_steps_conversation_id"), "bulk_steps", ["conversation_id"])


def downgrade() -> None:
    """Back."""
    op.drop_table("bulk_steps")
    op.drop_table("bulk_changes")
