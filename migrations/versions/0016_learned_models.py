"""Models that a project's corrections taught."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "learned_models",
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("base_version", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("examples", sa.BigInteger(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "not is_live or (state = 'ready' and content is not null)", name=op.f("ck_learned_models_live_is_ready")
        ),
        sa.CheckConstraint("state in ('training', 'ready', 'refused', 'failed')", name=op.f("ck_learned_models_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_learned_models_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learned_models")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_learned_models_workspace_id_id")),
    )
    live = sa.text("is_live")
    training = sa.text("state = 'training'")
    op.create_index("uq_learned_models_live", "learned_models", ["workspace_id"], unique=True, postgresql_where=live)
    op.create_index(
        "uq_learned_models_training", "learned_models", ["workspace_id"], unique=True, postgresql_where=training
    )
    op.create_index("ix_learned_models_started", "learned_models", ["workspace_id", "started_at"])
    op.create_index("ix_corrections_corrected", "corrections", ["workspace_id", "corrected_at"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_corrections_corrected", "corrections")
    op.drop_table("learned_models")
