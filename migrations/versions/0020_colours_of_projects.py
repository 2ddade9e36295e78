"""The colour of a project is one of a palette, or nobody chose it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COLOURS = "'blue', 'teal', 'violet', 'green', 'sky', 'red', 'amber', 'grey'"


def upgrade() -> None:
    """Forward. Until now nobody could choose one."""
    op.alter_column("workspaces", "colour", existing_type=sa.Text(), nullable=True)
    op.execute("update workspaces set colour = null")
    op.alter_column("workspaces", "colour", existing_type=sa.Text(), type_=sa.String(32))
    op.create_check_constraint(op.f("ck_workspaces_colour"), "workspaces", f"colour in ({COLOURS})")


def downgrade() -> None:
    """Back."""
    op.drop_constraint(op.f("ck_workspaces_colour"), "workspaces")
    op.alter_column("workspaces", "colour", existing_type=sa.String(32), type_=sa.Text())
    op.execute("update workspaces set colour = 'teal' where colour is null")
    op.alter_column("workspaces", "colour", existing_type=sa.Text(), nullable=False)
