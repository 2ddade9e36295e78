"""Hours of teams and of single dates; goals by priority, resolution, warnings; clocks that rest."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIMES = (
    "first_response_since_at", "next_response_since_at", "resolution_started_at", "resolution_due_at",
    "resolution_met_at", "resolution_breached_at", "warn_at", "warned_due_at",
)  # fmt: skip
ONE_DEFAULT = (
    "update calendars set is_default = false where is_default "
    "and id not in (select min(id) from calendars where is_default group by workspace_id)",
    "update sla_policies set is_default = false where is_default "
    "and id not in (select min(id) from sla_policies where is_default group by workspace_id)",
)
PRIORITIES = ("low", "normal", "high", "urgent")


def upgrade() -> None:
    """Forward. Of several default calendars or policies of a workspace the oldest stays the default."""
    for statement in ONE_DEFAULT:
        op.execute(statement)
    for table in ("calendars", "sla_policies"):
        op.create_index(
            f"uq_{table}_default", table, ["workspace_id"], unique=True, postgresql_where=sa.text("is_default")
        )
    _calendars()
    _policies()
    _conversations()


def _calendars() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("minutes", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_calendar_days_last_on")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "calendar_id"], ["calendars.workspace_id", "calendars.id"],
            name=op.f("fk_calendar_days_workspace_id_calendar_id"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_calendar_days_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_days")),
    )  # fmt: skip
    op.create_index("ix_calendar_days_calendar", "calendar_days", ["calendar_id"])
    op.add_column("teams", sa.Column("calendar_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_teams_calendar", "teams", "calendars", ["workspace_id", "calendar_id"], ["workspace_id", "id"],
        ondelete="SET NULL (calendar_id)",
    )  # fmt: skip


def _policies() -> None:
    op.create_unique_constraint(op.f("uq_sla_policies_workspace_id_id"), "sla_policies", ["workspace_id", "id"])
    op.add_column("sla_policies", sa.Column("resolution", sa.Interval(), nullable=True))
    op.add_column(
        "sla_policies",
        sa.Column("warn_before", sa.Interval(), server_default=sa.text("interval '5 minutes'"), nullable=False),
    )
    op.add_column("sla_policies", sa.Column("head_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_sla_policies_head", "sla_policies", "memberships", ["workspace_id", "head_id"],
        ["workspace_id", "agent_id"], ondelete="SET NULL (head_id)",
    )  # fmt: skip
    op.create_check_constraint(op.f("ck_sla_policies_resolution"), "sla_policies", "resolution > interval '0'")
    op.create_check_constraint(op.f("ck_sla_policies_warn_before"), "sla_policies", "warn_before >= interval '0'")
    op.create_table(
        "sla_goals",
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "priority", sa.Enum(*PRIORITIES, name="priority", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("first_response", sa.Interval(), nullable=False),
        sa.Column("next_response", sa.Interval(), nullable=False),
        sa.Column("resolution", sa.Interval(), nullable=True),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "first_response > interval '0' and next_response > interval '0'", name=op.f("ck_sla_goals_goals")
        ),
        sa.CheckConstraint("resolution > interval '0'", name=op.f("ck_sla_goals_resolution")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "policy_id"], ["sla_policies.workspace_id", "sla_policies.id"],
            name=op.f("fk_sla_goals_workspace_id_policy_id"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_sla_goals_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("policy_id", "priority", name=op.f("pk_sla_goals")),
    )  # fmt: skip


def _conversations() -> None:
    for name in TIMES:
        op.add_column("conversations", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversations", sa.Column("sla_policy_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "conversations",
        sa.Column(
            "pauses", postgresql.ARRAY(sa.DateTime(timezone=True)), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.create_foreign_key(
        "fk_conversations_sla_policy", "conversations", "sla_policies", ["workspace_id", "sla_policy_id"],
        ["workspace_id", "id"], ondelete="SET NULL (sla_policy_id)",
    )  # fmt: skip
    op.create_index(
        "ix_conversations_resolution_due", "conversations", ["resolution_due_at"],
        postgresql_where=sa.text("resolution_met_at is null and resolution_breached_at is null"),
    )  # fmt: skip
    op.create_index(
        "ix_conversations_warn", "conversations", ["warn_at"], postgresql_where=sa.text("warn_at is not null")
    )
    op.execute(
        "update conversations set pauses = array[status_at] "
        "where status in ('waiting_subscriber', 'waiting_client', 'snoozed') and status_at is not null"
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_conversations_warn", "conversations")
    op.drop_index("ix_conversations_resolution_due", "conversations")
    op.drop_constraint("fk_conversations_sla_policy", "conversations")
    for name in ("pauses", "sla_policy_id", *TIMES):
        op.drop_column("conversations", name)
    op.drop_table("sla_goals")
    op.drop_constraint("fk_sla_policies_head", "sla_policies")
    for name in ("warn_before", "resolution"):
        op.drop_constraint(op.f(f"ck_sla_policies_{name}"), "sla_policies")
    for name in ("head_id", "warn_before", "resolution"):
        op.drop_column("sla_policies", name)
    op.drop_constraint(op.f("uq_sla_policies_workspace_id_id"), "sla_policies")
    op.drop_constraint("fk_teams_calendar", "teams")
    op.drop_column("teams", "calendar_id")
    op.drop_table("calendar_days")
    for table in ("calendars", "sla_policies"):
        op.drop_index(f"uq_{table}_default", table)
