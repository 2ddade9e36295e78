"""All times that a project was archived are kept, not only when it was last brought back; the journal knows them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forward. The journal tells by turns when a project was archived and brought back; of one that is archived now the
    last word is where the rest that lasts begins."""
    op.add_column(
        "workspaces",
        sa.Column("rests", postgresql.ARRAY(MOMENT), server_default=sa.text("'{}'"), nullable=False),
    )
    op.execute(
        "update workspaces w set rests = told.marks from ("
        "select e.workspace_id, array_agg(e.occurred_at order by e.occurred_at, e.id) as marks from audit_entries e "
        "join workspaces o on o.id = e.workspace_id where e.action in ('workspace.archived', 'workspace.resumed') "
        "and e.occurred_at <= o.resumed_at group by e.workspace_id"
        ") told where told.workspace_id = w.id and cardinality(told.marks) % 2 = 0"
    )
    op.drop_column("workspaces", "resumed_at")


def downgrade() -> None:
    """Back."""
    op.add_column("workspaces", sa.Column("resumed_at", MOMENT, nullable=True))
    op.execute("update workspaces set resumed_at = rests[cardinality(rests)] where cardinality(rests) > 0")
    op.drop_column("workspaces", "rests")
