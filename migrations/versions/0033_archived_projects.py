"""Projects can be archived and brought back; a ban that was taken back as a slip decides nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forward."""
    op.add_column("workspaces", sa.Column("archived_at", MOMENT, nullable=True))
    op.add_column("workspaces", sa.Column("resumed_at", MOMENT, nullable=True))
    op.add_column("moderation_actions", sa.Column("undone_at", MOMENT, nullable=True))


def downgrade() -> None:
    """Back. What was archived is at work again."""
    op.drop_column("moderation_actions", "undone_at")
    op.drop_column("workspaces", "resumed_at")
    op.drop_column("workspaces", "archived_at")
