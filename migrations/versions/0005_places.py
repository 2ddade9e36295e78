"""A channel's place in its platform's events and the time until which all was received are two things."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Only Telegram was received so far; its time stood in `cursor`."""
    op.add_column("channels", sa.Column("received_until_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("update channels set received_until_at = cursor::timestamptz, cursor = null where cursor is not null")


def downgrade() -> None:
    """Back."""
    op.execute("update channels set cursor = received_until_at::text where received_until_at is not null")
    op.drop_column("channels", "received_until_at")
