"""Each text of a message has its own verdict, so that an edit into a question is waited for from then on.

Of earlier texts that are there already it is not known: null says so, and they count as asking what came after them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("message_edits", sa.Column("needs_answer", sa.Boolean(), nullable=True))
    op.add_column("message_edits", sa.Column("judged_by", postgresql.JSONB(), nullable=True))
    op.add_column("messages", sa.Column("came_edited", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    """Back."""
    op.drop_column("messages", "came_edited")
    op.drop_column("message_edits", "judged_by")
    op.drop_column("message_edits", "needs_answer")
