"""When a person did something last, and how long a project lets them be idle on shift."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Who is on shift has been there until now."""
    op.add_column("agents", sa.Column("last_active_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("agents", sa.Column("idled_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("update agents set last_active_at = now() where shift_state = 'on'")
    op.add_column(
        "workspaces",
        sa.Column("idle_off_after", sa.Interval(), server_default=sa.text("interval '60 minutes'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_workspaces_idle_off_after"), "workspaces", "idle_off_after between interval '0' and interval '1 day'"
    )


def downgrade() -> None:
    """Back."""
    op.drop_constraint(op.f("ck_workspaces_idle_off_after"), "workspaces")
    op.drop_column("workspaces", "idle_off_after")
    op.drop_column("agents", "idled_at")
    op.drop_column("agents", "last_active_at")
