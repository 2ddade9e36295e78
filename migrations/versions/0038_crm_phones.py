"""What CRMs made of our leads, so that a phone number said later joins them there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Of leads that were told before nobody knows their numbers in the CRM."""
    op.add_column("webhook_deliveries", sa.Column("made", postgresql.JSONB(), nullable=True))
    op.create_index(
        "ix_webhook_deliveries_lead",
        "webhook_deliveries",
        ["webhook_id", sa.literal_column("(body #>> '{lead,id}')")],
        postgresql_where=sa.text("event = 'lead.created'"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_webhook_deliveries_lead", "webhook_deliveries")
    op.drop_column("webhook_deliveries", "made")
