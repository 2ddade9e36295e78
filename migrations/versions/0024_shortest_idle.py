"""No project sets people off shift after less than ten minutes: that could not be told from working."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CHECK = "ck_workspaces_idle_off_after"


def upgrade() -> None:
    """Forward. Shorter times are raised."""
    op.execute(
        "update workspaces set idle_off_after = interval '10 minutes'"
        " where idle_off_after > interval '0' and idle_off_after < interval '10 minutes'"
    )
    op.drop_constraint(op.f(CHECK), "workspaces")
    op.create_check_constraint(
        op.f(CHECK),
        "workspaces",
        sa.text("idle_off_after = interval '0' or idle_off_after between interval '10 minutes' and interval '1 day'"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_constraint(op.f(CHECK), "workspaces")
    op.create_check_constraint(op.f(CHECK), "workspaces", "idle_off_after between interval '0' and interval '1 day'")
