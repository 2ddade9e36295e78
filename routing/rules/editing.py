"""Rules written, changed, put in order and deleted by people, each with an audit entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.channels.models import Channel
from inbox.conversations.assigning import check_assignee, check_team
from inbox.conversations.models import Post
from inbox.core.database import Json
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError
from inbox.sla.models import SlaPolicy
from routing.autoreplies.models import AutoReply
from routing.rules.actions import ACTIONS, Action, Assign, HandToTeam, Mention, SendAutoReply, SetPolicy, TellWebhook
from routing.rules.conditions import CONDITIONS, ChannelIs, Condition, PostIs
from routing.rules.models import Rule, RuleRun
from routing.webhooks.models import Webhook

MOST_RULES = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rule is to be; None: stays as it is."""

    name: str | None = None
    position: int | None = None
    is_enabled: bool | None = None
    stops: bool | None = None
    conditions: Sequence[Condition] | None = None
    actions: Sequence[Action] | None = None


async def access_rule(
    session: AsyncSession, caller: Caller, rule_id: int, permission: Permission, *, lock: bool = False
) -> Rule:
    """The row; NotFoundError for another workspace's."""
    statement = select(Rule).where(Rule.id == rule_id, Rule.workspace_id.in_(sorted(caller.scope)))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    rule = await session.scalar(statement)
    if rule is None:
        raise NotFoundError("There is no such rule.")
    caller.require(rule.workspace_id, permission)
    return rule


async def create_rule(session: AsyncSession, caller: Caller, workspace_id: int, wanted: Wanted, now: datetime) -> Rule:
    """A new rule in its place; those behind it move on."""
    caller.require(workspace_id, Permission.MANAGE_RULES)
    others = await _lock_order(session, workspace_id)
    if len(others) >= MOST_RULES:
        raise ConflictError(f"A project has {MOST_RULES} rules at most.")
    rule = Rule(workspace_id=workspace_id, name="", position=0, is_enabled=True, stops=True, conditions=[], actions=[])
    await _write(session, rule, wanted)
    session.add(rule)
    others.insert(min(wanted.position or 0, len(others)), rule)
    _number(others)
    await session.flush()
    record(session, workspace_id, caller.agent_id, "rule.created", rule.id, now, after=_snapshot(rule))
    return rule


async def change_rule(session: AsyncSession, caller: Caller, rule_id: int, wanted: Wanted, now: datetime) -> Rule:
    """Change what is given; a new position moves the others."""
    rule = await access_rule(session, caller, rule_id, Permission.MANAGE_RULES)
    others = [one for one in await _lock_order(session, rule.workspace_id) if one.id != rule_id]
    rule = await access_rule(session, caller, rule_id, Permission.MANAGE_RULES, lock=True)
    before = _snapshot(rule)
    await _write(session, rule, wanted)
    if wanted.position is not None:
        others.insert(min(wanted.position, len(others)), rule)
        _number(others)
    await session.flush()
    after = _snapshot(rule)
    if after != before:
        record(session, rule.workspace_id, caller.agent_id, "rule.changed", rule.id, now, before=before, after=after)
    return rule


async def delete_rule(session: AsyncSession, caller: Caller, rule_id: int, now: datetime) -> None:
    """What it did stays in the conversations."""
    rule = await access_rule(session, caller, rule_id, Permission.MANAGE_RULES, lock=True)
    record(session, rule.workspace_id, caller.agent_id, "rule.deleted", rule.id, now, before=_snapshot(rule))
    await session.delete(rule)
    await session.flush()


async def count_runs(session: AsyncSession, workspace_id: int, since: datetime) -> dict[int, int]:
    """Rule → on how many messages it acted since then."""
    rows = await session.execute(
        select(RuleRun.rule_id, func.count())
        .where(RuleRun.workspace_id == workspace_id, RuleRun.acted_at >= since)
        .group_by(RuleRun.rule_id)
    )
    return dict(rows.all())


async def check_parts(
    session: AsyncSession, workspace_id: int, conditions: Sequence[Condition], actions: Sequence[Action]
) -> None:
    """InvalidInputError for a team, person, channel or post that the workspace does not have."""
    channels = {one for condition in conditions if isinstance(condition, ChannelIs) for one in condition.any_of}
    posts = {one for condition in conditions if isinstance(condition, PostIs) for one in condition.any_of}
    for model, wanted in ((Channel, channels), (Post, posts)):
        known = await session.scalars(select(model.id).where(model.id.in_(wanted), model.workspace_id == workspace_id))
        if wanted and set(known) != wanted:
            raise InvalidInputError("A condition names what this project does not have.", field="conditions")
    for action in actions:
        if isinstance(action, HandToTeam):
            await check_team(session, workspace_id, action.team_id)
        elif isinstance(action, SendAutoReply | TellWebhook | SetPolicy):
            await _check_beyond(session, workspace_id, action)
        elif isinstance(action, Assign | Mention) and action.agent_id is not None:
            await check_assignee(session, workspace_id, action.agent_id)


async def _check_beyond(
    session: AsyncSession, workspace_id: int, action: SendAutoReply | TellWebhook | SetPolicy
) -> None:
    if isinstance(action, SendAutoReply):
        wanted = select(AutoReply.id).where(
            AutoReply.id == action.auto_reply_id, AutoReply.workspace_id == workspace_id
        )
    elif isinstance(action, SetPolicy):
        wanted = select(SlaPolicy.id).where(SlaPolicy.id == action.policy_id, SlaPolicy.workspace_id == workspace_id)
    else:
        wanted = select(Webhook.id).where(Webhook.id == action.webhook_id, Webhook.workspace_id == workspace_id)
    if await session.scalar(wanted) is None:
        raise InvalidInputError("An action names what this project does not have.", field="actions")


async def _write(session: AsyncSession, rule: Rule, wanted: Wanted) -> None:
    if wanted.name is not None:
        rule.name = await _free_name(session, rule, wanted.name)
    if wanted.is_enabled is not None:
        rule.is_enabled = wanted.is_enabled
    if wanted.stops is not None:
        rule.stops = wanted.stops
    if wanted.conditions is not None or wanted.actions is not None:
        await check_parts(session, rule.workspace_id, wanted.conditions or (), wanted.actions or ())
    if wanted.conditions is not None:
        rule.conditions = CONDITIONS.dump_python(list(wanted.conditions), mode="json")
    if wanted.actions is not None:
        if not wanted.actions:
            raise InvalidInputError("A rule needs at least one action.", field="actions")
        rule.actions = ACTIONS.dump_python(list(wanted.actions), mode="json")


async def _free_name(session: AsyncSession, rule: Rule, name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or "\x00" in cleaned:
        raise InvalidInputError("Give it a name, so that colleagues can tell it from others.", field="name")
    with session.no_autoflush:
        taken = await session.scalar(
            select(Rule.id).where(
                Rule.workspace_id == rule.workspace_id, Rule.name == cleaned, Rule.id != (rule.id or 0)
            )
        )
    if taken is not None:
        raise ConflictError("There is a rule of this name already.")
    return cleaned


async def _lock_order(session: AsyncSession, workspace_id: int) -> list[Rule]:
    """All rules of the workspace in order, held, so that two people cannot mix up the order."""
    rows = await session.scalars(
        select(Rule)
        .where(Rule.workspace_id == workspace_id)
        .order_by(Rule.position, Rule.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(rows)


def _number(rules: Sequence[Rule]) -> None:
    for position, rule in enumerate(rules):
        rule.position = position


def _snapshot(rule: Rule) -> Json:
    return {
        "name": rule.name, "position": rule.position, "enabled": rule.is_enabled, "stops": rule.stops,
        "conditions": rule.conditions, "actions": rule.actions,
    }  # fmt: skip
