"""Restored comments, bans made elsewhere, messages from before the connection, and events that are not dated."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIMES = ("banned_at", "unbanned_at", "banned_until")


def upgrade() -> None:
    """Forward."""
    op.alter_column("deletions", "occurred_at", nullable=True)
    op.add_column("deletions", sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True))
    for name in TIMES:
        op.add_column("identities", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("identities", sa.Column("ban_reason", sa.Text(), nullable=True))
    op.add_column("identities", sa.Column("ban_comment", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "messages", sa.Column("before_connection", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "handled_events",
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "channel_id"],
            ["channels.workspace_id", "channels.id"],
            name=op.f("fk_handled_events_workspace_id_channel_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_handled_events_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", "event_id", name=op.f("pk_handled_events")),
    )
    op.create_index("ix_handled_events_age", "handled_events", ["handled_at"])


def downgrade() -> None:
    """Back."""
    op.drop_table("handled_events")
    op.drop_column("messages", "before_connection")
    for name in ("ban_comment", "ban_reason", *TIMES):
        op.drop_column("identities", name)
    op.execute("delete from deletions where occurred_at is null")
    op.drop_column("deletions", "restored_at")
    op.alter_column("deletions", "occurred_at", nullable=False)
