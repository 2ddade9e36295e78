"""Leads are made by rules: what was built in becomes an action of the ready rule, or a rule of its own."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: who had leads made of whoever surely wants to buy goes on having them."""
    op.execute(
        """
        update rules set actions = actions || '[{"do": "lead"}]'::jsonb
        where is_enabled and jsonb_array_length(conditions) = 2 and not actions @> '[{"do": "lead"}]'
          and conditions @> '[{"field": "intent", "any_of": ["lead"], "negate": false, "sure": true}]'
          and conditions @> '[{"field": "needs_answer", "value": true, "negate": false}]'
          and jsonb_array_length(jsonb_path_query_first(conditions, '$[*] ? (@.field == "intent").any_of')) = 1
          and jsonb_path_query_first(conditions, '$[*] ? (@.field == "intent").min_probability') is not distinct from
            'null'::jsonb
        """
    )
    op.execute(
        """
        insert into rules (workspace_id, name, position, is_enabled, stops, conditions, actions)
        select w.id,
          'Лиды' || case when exists (select 1 from rules n where n.workspace_id = w.id and n.name = 'Лиды')
            then ' ' || w.id else '' end,
          coalesce((select min(r.position) from rules r where r.workspace_id = w.id), 0) - 1, true, false,
          '[{"field": "intent", "any_of": ["lead"], "sure": true, "negate": false, "min_probability": null},
            {"field": "needs_answer", "value": true, "negate": false}]'::jsonb,
          '[{"do": "lead"}]'::jsonb
        from workspaces w
        where not exists (
          select 1 from rules r where r.workspace_id = w.id and r.is_enabled and r.actions @> '[{"do": "lead"}]'
            and r.conditions @> '[{"field": "intent", "any_of": ["lead"]}]'
        )
        """
    )


def downgrade() -> None:
    """Back: the action stays, and does nothing twice."""
