"""An account is one of the server that was asked: another server's answer does not occupy it."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

NAME = "uq_channels_account"
CONNECTED = sa.text("removed_at is null")
TWICE = """
update channels set removed_at = now() where removed_at is null and exists (
  select from channels o where o.removed_at is null and o.platform = channels.platform
    and o.external_id = channels.external_id
    and (o.api_url is null, -o.id) > (channels.api_url is null, -channels.id))
"""


def upgrade() -> None:
    """Forward."""
    op.drop_index(NAME, "channels")
    op.create_index(
        NAME, "channels", ["platform", "external_id", sa.text("coalesce(api_url, '')")], unique=True,
        postgresql_where=CONNECTED,
    )  # fmt: skip


def downgrade() -> None:
    """Back. Of an account that is connected by several servers the platform's own, or the oldest, stays."""
    op.execute(TWICE)
    op.drop_index(NAME, "channels")
    op.create_index(NAME, "channels", ["platform", "external_id"], unique=True, postgresql_where=CONNECTED)
