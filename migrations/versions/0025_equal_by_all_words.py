"""Long comments of a draw are known as equal by a key of all their words; folded rows are found by post."""

from collections import Counter
from hashlib import blake2b

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

OUTSPOKEN = """
exists (
  select from messages m left join tags t on t.message_id = m.id
  where m.conversation_id = c.id and m.direction = 'inbound' and m.deleted_at is null and m.id <> l.id
    and (m.needs_answer or m.held or m.needs_answer_why not in ('plus', 'emoji', 'sticker', 'friend', 'empty', 'draw')
      or m.needs_answer_why = 'draw'
        and (t.toxic or t.sentiment = 'negative' or t.intent = 'spam' or length(m.text) > 60)))
"""
LEADING = """
conversations c join posts p on p.id = c.post_id and p.mode = 'draw'
cross join lateral (
  select id, text from messages where conversation_id = c.id and direction = 'inbound' and deleted_at is null
  order by text <> '' desc, sent_at desc, id desc limit 1) l
"""
PLAIN = """
c.needs_answer_why = 'draw' and not c.toxic and c.sentiment is distinct from 'negative'
  and c.intent is distinct from 'spam'
"""

STANDS = f"""
update conversations set foldable = false
where foldable and id in (select c.id from {LEADING} where c.foldable and {OUTSPOKEN})
"""  # noqa: S608  # of constants
LONG = f"""
select c.id, c.post_id, l.text from {LEADING} where {PLAIN} and length(l.text) > 60 and not {OUTSPOKEN}
"""  # noqa: S608  # of constants


def upgrade() -> None:
    """Forward. What is folded and says something stands again; long comments fold by all their words."""
    op.add_column("conversations", sa.Column("fold_key", sa.Text(), nullable=True))
    op.execute(STANDS)
    _key_long(op.get_bind())
    op.create_index(
        "ix_conversations_fold_key", "conversations", ["post_id", "fold_key", "foldable"],
        postgresql_where=sa.text("fold_key is not null"),
    )  # fmt: skip
    op.drop_index("ix_conversations_foldable", "conversations")
    op.create_index(
        "ix_conversations_foldable", "conversations", ["workspace_id", "post_id", "last_message_at", "id"],
        postgresql_where=sa.text("foldable"),
    )  # fmt: skip
    op.create_index("ix_posts_mode", "posts", ["workspace_id", "mode"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_posts_mode", "posts")
    op.drop_index("ix_conversations_foldable", "conversations")
    op.create_index(
        "ix_conversations_foldable", "conversations", ["workspace_id", "post_id", sa.text("last_message_at desc"), "id"],
        postgresql_where=sa.text("foldable"),
    )  # fmt: skip
    op.drop_index("ix_conversations_fold_key", "conversations")
    op.drop_column("conversations", "fold_key")


def _key_long(connection: sa.Connection) -> None:
    """As `folding.key_of` says it at this version."""
    found = [(row.id, row.post_id, _key(row.text)) for row in connection.execute(sa.text(LONG))]
    often = Counter((post_id, key) for _, post_id, key in found)
    rows = [{"id": one, "key": key, "foldable": often[post_id, key] > 1} for one, post_id, key in found]
    if rows:
        statement = "update conversations set fold_key = :key, foldable = :foldable where id = :id"
        connection.execute(sa.text(statement), rows)


def _key(words: str) -> str:
    bare = "".join(letter for letter in words.casefold() if letter.isalnum())
    return blake2b(bare.encode(), digest_size=16).hexdigest()
