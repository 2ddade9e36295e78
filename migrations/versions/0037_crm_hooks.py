"""CRMs make a lead of each request: their webhooks hear of new leads alone, and no change that waits goes out."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. One that was told of changes only is told of new leads from now on."""
    op.execute(
        "update webhook_deliveries d set state = 'failed', last_error = 'The CRM makes a new lead of each request: tell "
        "it of new leads only.' from webhooks w "
        "where w.id = d.webhook_id and w.shape <> 'otklik' and d.event = 'lead.changed' and d.state = 'queued'"
    )
    op.execute(
        "update webhooks set events = case when events = array['lead.changed'] then array['lead.created'] "
        "else array_remove(events, 'lead.changed') end where shape <> 'otklik' and 'lead.changed' = any (events)"
    )


def downgrade() -> None:
    """Back: what was told before is not known."""
