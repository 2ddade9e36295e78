"""Comments that say what everybody says fold under a draw; those that are there already do, too."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Longer comments of equal words fold with the next one that comes."""
    op.add_column("conversations", sa.Column("foldable", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(
        """
        update conversations c set foldable = true from posts p
        where p.workspace_id = c.workspace_id and p.id = c.post_id and p.mode = 'draw'
          and (c.needs_answer_why in ('plus', 'emoji', 'sticker', 'friend', 'empty')
            or c.needs_answer_why = 'draw' and length(c.preview) <= 60 and not c.toxic
              and c.sentiment is distinct from 'negative' and c.intent is distinct from 'spam')
        """
    )
    op.create_index(
        "ix_conversations_foldable", "conversations", ["workspace_id", "post_id", sa.text("last_message_at desc"), "id"],
        postgresql_where=sa.text("foldable"),
    )  # fmt: skip


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_conversations_foldable", "conversations")
    op.drop_column("conversations", "foldable")
