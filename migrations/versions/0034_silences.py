"""The response clock rests while the contact cannot be written to: all words on reachability are kept, by time.

Of those who cannot be written to now the newest word is known; the clocks of their open private talks stop.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

CLOCKS = ("first_response", "next_response", "resolution")
STOPPED = ", ".join(
    f"{one}_due_at = case when c.{one}_met_at is null and c.{one}_breached_at is null then null else c.{one}_due_at end"
    for one in CLOCKS
)


def upgrade() -> None:
    """Forward."""
    op.add_column(
        "identities",
        sa.Column("reach_words", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column(
        "conversations",
        sa.Column(
            "silences", postgresql.ARRAY(sa.DateTime(timezone=True)), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.execute(
        "update identities set reach_words = jsonb_build_array(jsonb_build_object("
        "'at', to_jsonb(unreachable_at), 'reachable', false)) where unreachable_at is not null"
    )
    op.execute(
        f"update conversations c set silences = array[i.unreachable_at], warn_at = null, {STOPPED} "  # noqa: S608
        "from identities i where i.id = c.identity_id and i.unreachable_at is not null and c.kind = 'direct' "
        "and (c.last_inbound_at is null or c.last_inbound_at <= i.unreachable_at)"
    )


def downgrade() -> None:
    """Back."""
    op.drop_column("conversations", "silences")
    op.drop_column("identities", "reach_words")
