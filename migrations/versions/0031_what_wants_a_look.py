"""A conversation tells whether an answer did not arrive, and is suspicious until somebody has settled that.

What is there already is told by what the rows say: a failure is taken to have been known since its last attempt.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

HELD = """
create temp table now_held on commit drop as
select distinct c.id from messages m
join conversations c on c.id = m.conversation_id
join identities i on i.id = c.identity_id
where m.held and m.deleted_at is null and m.direction = 'inbound'
  and (c.settled_seen_at is null or m.sent_at > c.settled_seen_at)
  and (i.banned_at is null or m.sent_at > i.banned_at)
  and not exists (
    select from moderation_actions a
    where a.identity_id = c.identity_id and a.action = 'ban' and a.state <> 'refused' and a.asked_at >= m.sent_at
  )
"""
UNDELIVERED = """
create temp table now_undelivered on commit drop as
select m.conversation_id as id, min(m.delivery) as delivery from messages m
join conversations its on its.id = m.conversation_id
cross join lateral (select coalesce(m.sending_at, m.created_at) as at) as known
where m.delivery in ('failed', 'uncertain') and m.kind = 'message' and m.deleted_at is null
  and (its.settled_at is null or its.settled_at < known.at)
  and not exists (
    select from messages a
    where a.conversation_id = m.conversation_id and a.direction = 'outbound' and a.kind = 'message'
      and (a.outside or a.delivery = 'sent') and a.deleted_at is null and a.sent_at >= known.at
  )
group by m.conversation_id
"""
WRITE = (
    "update conversations set held = false where held and id not in (select id from now_held)",
    "update conversations set held = true where not held and id in (select id from now_held)",
    "update conversations c set undelivered = found.delivery from now_undelivered found where found.id = c.id",
)


def upgrade() -> None:
    """Forward. All messages are read before the tables are held: the index and the check of old rows are 0032's."""
    op.execute(HELD)
    op.execute(UNDELIVERED)
    op.add_column("messages", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversations", sa.Column("undelivered", sa.String(32), nullable=True))
    op.create_check_constraint(
        op.f("ck_conversations_undelivered"), "conversations",
        "undelivered in ('queued', 'sending', 'sent', 'failed', 'uncertain', 'cancelled')", postgresql_not_valid=True,
    )  # fmt: skip
    for statement in WRITE:
        op.execute(statement)


def downgrade() -> None:
    """Back."""
    op.drop_column("conversations", "undelivered")
    op.drop_column("messages", "failed_at")
