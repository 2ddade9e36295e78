"""Search: trigrams of messages' texts and contacts' names."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index(
        "ix_messages_text", "messages", ["text"], postgresql_using="gin", postgresql_ops={"text": "gin_trgm_ops"}
    )
    op.create_index(
        "ix_contacts_name", "contacts", ["name"], postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_contacts_name", "contacts")
    op.drop_index("ix_messages_text", "messages")
