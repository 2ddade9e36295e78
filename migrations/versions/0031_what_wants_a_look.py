"""A conversation tells whether an answer did not arrive, and is suspicious until somebody has settled that.

What is there already is told by what the rows say: a failure is taken to have been known since its last attempt.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NOTHING_HELD = "update conversations set held = false where held"
HELD = """
update conversations set held = true where id in (
  select c.id from messages m
  join conversations c on c.id = m.conversation_id
  join identities i on i.id = c.identity_id
  where m.held and m.deleted_at is null and m.direction = 'inbound'
    and (c.settled_seen_at is null or m.sent_at > c.settled_seen_at)
    and (i.banned_at is null or m.sent_at > i.banned_at)
    and not exists (
      select from moderation_actions a
      where a.identity_id = c.identity_id and a.action = 'ban' and a.state <> 'refused' and a.asked_at >= m.sent_at
    )
)
"""
UNDELIVERED = """
update conversations c set undelivered = found.delivery from (
  select m.conversation_id, min(m.delivery) as delivery from messages m
  join conversations its on its.id = m.conversation_id
  cross join lateral (select coalesce(m.failed_at, m.sending_at, m.created_at) as at) as known
  where m.delivery in ('failed', 'uncertain') and m.kind = 'message' and m.deleted_at is null
    and (its.settled_at is null or its.settled_at < known.at)
    and not exists (
      select from messages a
      where a.conversation_id = m.conversation_id and a.direction = 'outbound' and a.kind = 'message'
        and (a.outside or a.delivery = 'sent') and a.deleted_at is null and a.sent_at >= known.at
    )
  group by m.conversation_id
) found where found.conversation_id = c.id
"""


def upgrade() -> None:
    """Forward."""
    op.add_column("messages", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversations", sa.Column("undelivered", sa.String(32), nullable=True))
    op.create_check_constraint(
        op.f("ck_conversations_undelivered"), "conversations",
        "undelivered in ('queued', 'sending', 'sent', 'failed', 'uncertain', 'cancelled')",
    )  # fmt: skip
    for statement in (NOTHING_HELD, HELD, UNDELIVERED):
        op.execute(statement)
    op.create_index(
        "ix_conversations_undelivered", "conversations", ["workspace_id"],
        postgresql_where=sa.text("undelivered is not null"),
    )  # fmt: skip


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_conversations_undelivered", "conversations")
    op.drop_column("conversations", "undelivered")
    op.drop_column("messages", "failed_at")
