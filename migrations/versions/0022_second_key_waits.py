"""What the owner of a channel's second key must do, and moderation taken back while it waited for a key."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CHECK = "ck_moderation_actions_state"
BEFORE = "'asked', 'waiting', 'done', 'refused'"


def upgrade() -> None:
    """Forward."""
    op.add_column("channels", sa.Column("user_key_reason", sa.Text(), nullable=True))
    op.add_column("channels", sa.Column("user_key_reason_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f(CHECK), "moderation_actions")
    op.create_check_constraint(op.f(CHECK), "moderation_actions", f"state in ({BEFORE}, 'cancelled')")


def downgrade() -> None:
    """Back. What was taken back was not done."""
    op.execute("update moderation_actions set state = 'refused' where state = 'cancelled'")
    op.drop_constraint(op.f(CHECK), "moderation_actions")
    op.create_check_constraint(op.f(CHECK), "moderation_actions", f"state in ({BEFORE})")
    op.drop_column("channels", "user_key_reason_at")
    op.drop_column("channels", "user_key_reason")
