"""Of an edit that has not arrived it is known which earlier text the platform still shows.

Of edits that waited before, it is not: null says so, and they are not offered to be cancelled.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("messages", sa.Column("platform_version_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("messages", "platform_version_at")
