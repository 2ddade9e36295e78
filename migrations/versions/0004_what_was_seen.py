"""What a person had seen when deciding: the newest message of then, kept with the decision itself."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIMES = ("judged_seen_at", "decided_until", "status_seen_at", "settled_at", "settled_seen_at")
NUMBERS = ("judged_seen_external_id", "status_seen_external_id", "settled_seen_external_id")


def upgrade() -> None:
    """Forward. Of what was decided before, our clock tells what had been seen."""
    for name in TIMES:
        op.add_column("conversations", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for name in NUMBERS:
        op.add_column("conversations", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name in ("decided_status", "decided_outcome"):
        op.add_column("conversations", sa.Column(name, sa.String(32), nullable=True))
    op.add_column(
        "conversations", sa.Column("judged_needed", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute(
        "update conversations set judged_seen_at = judged_at, judged_needed = needs_answer_why = 'person' "
        "where judged_at is not null"
    )
    op.execute(
        "update conversations set status_seen_at = status_at, decided_status = status, decided_outcome = outcome, "
        "decided_until = snoozed_until where status_at is not null"
    )
    op.execute(
        "update conversations set settled_at = closed_at, settled_seen_at = closed_at "
        "where status = 'closed' and status_at is not null"
    )
    op.execute(
        "update conversations set settled_at = judged_at, settled_seen_at = judged_at "
        "where judged_at is not null and needs_answer_why <> 'person' and settled_at is null"
    )
    op.create_check_constraint(
        op.f("ck_conversations_decided_status"),
        "conversations",
        "decided_status in ('open', 'waiting_subscriber', 'waiting_client', 'snoozed', 'closed')",
    )
    op.create_check_constraint(
        op.f("ck_conversations_decided_outcome"),
        "conversations",
        "decided_outcome in ('answered', 'no_answer_needed', 'no_answer_needed_automatic', 'spam')",
    )


def downgrade() -> None:
    """Back."""
    op.drop_constraint(op.f("ck_conversations_decided_outcome"), "conversations")
    op.drop_constraint(op.f("ck_conversations_decided_status"), "conversations")
    for name in ("judged_needed", "decided_outcome", "decided_status", *NUMBERS, *TIMES):
        op.drop_column("conversations", name)
