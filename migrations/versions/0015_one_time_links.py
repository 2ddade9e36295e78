"""Invitations and password resets by links that work once."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.String(32), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('invitation', 'reset')", name=op.f("ck_one_time_links_kind")),
        sa.CheckConstraint(
            "role in ('owner', 'admin', 'moderator', 'sales', 'viewer')", name=op.f("ck_one_time_links_role")
        ),
        sa.CheckConstraint(
            "(kind = 'invitation') = (agent_id is null)", name=op.f("ck_one_time_links_agent_of_reset")
        ),
        sa.CheckConstraint(
            "(kind = 'invitation') = (place_id is not null and role is not null)",
            name=op.f("ck_one_time_links_invited_where"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_one_time_links_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["workspaces.id"], name=op.f("fk_one_time_links_place_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_one_time_links_agent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_links")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_one_time_links_secret_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_one_time_links_agent_id"), "one_time_links", ["agent_id"])


def downgrade() -> None:
    """Back."""
    op.drop_table("one_time_links")
