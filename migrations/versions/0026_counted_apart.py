"""What is held, and what a machine settled, is counted by indexes of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_conversations_held", "conversations", ["workspace_id"], postgresql_where=sa.text("held"))
    op.create_index(
        "ix_conversations_automatic",
        "conversations",
        ["workspace_id"],
        postgresql_where=sa.text(
            "outcome = 'no_answer_needed_automatic' and (not foldable or held or assignee_id is not null)"
        ),
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_conversations_automatic", "conversations")
    op.drop_index("ix_conversations_held", "conversations")
