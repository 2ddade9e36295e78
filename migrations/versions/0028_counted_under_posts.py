"""What stands under a post is counted without visiting what the reader does not see or what needs no answer."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.drop_index("ix_conversations_post", "conversations")
    op.create_index("ix_conversations_post", "conversations", ["workspace_id", "post_id", "assignee_id", "team_id"])
    op.create_index(
        "ix_conversations_waiting_under",
        "conversations",
        ["workspace_id", "post_id"],
        postgresql_where=sa.text("needs_answer"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_conversations_waiting_under", "conversations")
    op.drop_index("ix_conversations_post", "conversations")
    op.create_index("ix_conversations_post", "conversations", ["workspace_id", "post_id"])
