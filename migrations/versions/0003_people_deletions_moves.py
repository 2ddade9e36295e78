"""Words on our people by time, deletions that come before their message, groups that became supergroups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "deletions",
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "channel_id"],
            ["channels.workspace_id", "channels.id"],
            name=op.f("fk_deletions_workspace_id_channel_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_deletions_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", "external_id", name=op.f("pk_deletions")),
    )
    op.add_column("channel_chats", sa.Column("migrated_to_external_id", sa.Text(), nullable=True))
    op.add_column(
        "identities",
        sa.Column("ours_words", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.execute(
        "update identities set ours_words = jsonb_build_array(jsonb_build_object("
        "'at', to_char(ours_changed_at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US+00:00'), 'is_ours', is_ours)) "
        "where ours_changed_at is not null"
    )
    op.create_index(
        "ix_messages_answered",
        "messages",
        ["channel_id", "parent_external_id"],
        unique=False,
        postgresql_where=sa.text("outside"),
    )
    op.create_index("ix_messages_author", "messages", ["author_identity_id"], unique=False)


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_messages_author", table_name="messages")
    op.drop_index("ix_messages_answered", table_name="messages")
    op.drop_column("identities", "ours_words")
    op.drop_column("channel_chats", "migrated_to_external_id")
    op.drop_table("deletions")
