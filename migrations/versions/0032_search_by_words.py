"""A search finds words in any form, handles, and what posts say; and what did not arrive is found by an index.

Nobody waits while the indexes are made: they are built beside the writing, outside a transaction. What a migration that
was killed left of one is thrown away first.
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_messages_words": "messages using gin (to_tsvector('russian'::regconfig, text))",
    "ix_contacts_words": "contacts using gin (to_tsvector('russian'::regconfig, name))",
    "ix_posts_words": "posts using gin (to_tsvector('russian'::regconfig, text))",
    "ix_posts_text": "posts using gin (text gin_trgm_ops)",
    "ix_conversations_undelivered": "conversations (workspace_id) where undelivered is not null",
    "ix_identities_username": "identities using gin (username gin_trgm_ops) where username is not null",
}


def upgrade() -> None:
    """Forward."""
    with op.get_context().autocommit_block():
        for name, of in INDEXES.items():
            op.execute(f"drop index concurrently if exists {name}")
            op.execute(f"create index concurrently {name} on {of}")
        op.execute("alter table conversations validate constraint ck_conversations_undelivered")


def downgrade() -> None:
    """Back."""
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"drop index concurrently if exists {name}")
