"""Rules that go on to the next one, what they did, and messages that a rule flagged."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What was flagged by tags alone stays flagged; a rule of each workspace does it from now on."""
    op.add_column("messages", sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("rules", sa.Column("stops", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_unique_constraint(op.f("uq_rules_workspace_id_id"), "rules", ["workspace_id", "id"])
    op.create_table(
        "rule_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("turn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "rule_id"], ["rules.workspace_id", "rules.id"],
            name=op.f("fk_rule_runs_workspace_id_rule_id"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"],
            name=op.f("fk_rule_runs_workspace_id_conversation_id"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_rule_runs_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_runs")),
        sa.UniqueConstraint("rule_id", "message_id", name=op.f("uq_rule_runs_rule_id_message_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_rule_runs_conversation_id"), "rule_runs", ["conversation_id"])
    op.create_index(op.f("ix_rule_runs_rule_id_acted_at"), "rule_runs", ["rule_id", "acted_at"])
    op.execute(
        "update messages set held = true from tags where tags.message_id = messages.id and "
        "((tags.intent = 'spam' and 'intent' <> all(tags.unsure)) or (tags.toxic and 'toxic' <> all(tags.unsure)))"
    )
    for name, position, condition in (
        ("Спам → подозрительные", -2, '{"field": "intent", "any_of": ["spam"], "sure": true}'),
        ("Оскорбления → подозрительные", -1, '{"field": "toxic", "value": true, "sure": true}'),
    ):
        op.execute(
            sa.text(
                "insert into rules (workspace_id, name, position, is_enabled, stops, conditions, actions) "
                "select id, :name, :position, true, false, jsonb_build_array(cast(:condition as jsonb)), "
                """'[{"do": "hold"}]' from workspaces on conflict do nothing"""
            ).bindparams(name=name, position=position, condition=condition)
        )


def downgrade() -> None:
    """Back."""
    op.execute("delete from rules where position < 0")
    op.drop_table("rule_runs")
    op.drop_constraint(op.f("uq_rules_workspace_id_id"), "rules")
    op.drop_column("rules", "stops")
    op.drop_column("messages", "held")
