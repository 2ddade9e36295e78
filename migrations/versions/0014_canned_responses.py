"""Canned responses, and codes that work once."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "canned_responses",
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(text) between 1 and 4096", name=op.f("ck_canned_responses_text")),
        sa.CheckConstraint("length(title) between 1 and 80", name=op.f("ck_canned_responses_title")),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["agents.id"], name=op.f("fk_canned_responses_updated_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_canned_responses_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_responses")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_canned_responses_workspace_id_id")),
        sa.UniqueConstraint("workspace_id", "title", name=op.f("uq_canned_responses_workspace_id_title")),
    )
    op.add_column("agents", sa.Column("totp_step", sa.BigInteger(), nullable=True))
