"""Applies a workspace's rules to what was just stored, and writes the ready rules of a new workspace."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation, Priority
from inbox.conversations.tags import Intent
from inbox.core.bulk import among, update_rows
from inbox.organisations.models import Team
from routing.assignment.service import Handout, load_desks
from routing.rules.matching import matches
from routing.rules.models import Rule
from routing.rules.schemas import (
    ACTIONS,
    CONDITIONS,
    Action,
    Condition,
    HandToTeam,
    IntentIs,
    NeedsAnswerIs,
    SetPriority,
)

ROUTED = ("assignee_id", "team_id", "routed_at", "priority")
"""The columns of a conversation that routing writes."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A rule as it is applied."""

    name: str
    conditions: Sequence[Condition]
    actions: Sequence[Action]


async def apply_rules(
    session: AsyncSession, new: Sequence[NewMessage], conversations: Mapping[int, Conversation], now: datetime
) -> None:
    """The first matching rule of each conversation acts, once a turn: not again until it was answered or closed."""
    leading = _leading(new, conversations)
    if not leading:
        return
    workspace_ids = {message.workspace_id for message in leading}
    rules = await load_rules(session, workspace_ids)
    owners = {conversations[message.conversation_id].assignee_id for message in leading if message.reopens}
    desks = await load_desks(session, workspace_ids, [one for one in owners if one is not None])
    touched: dict[int, Conversation] = {}
    for message in leading:
        conversation = conversations[message.conversation_id]
        if message.reopens and conversation.id not in touched:
            _take_from_absent(desks, conversation, now)
            touched[conversation.id] = conversation
        if _is_routed(conversation):
            continue
        for rule in rules.get(message.workspace_id, []):
            if matches(rule.conditions, message, conversation):
                _act(rule, conversation, desks, now)
                touched[conversation.id] = conversation
                break
    await update_rows(session, list(touched.values()), ROUTED)
    await desks.write_lines(session)


def _leading(new: Sequence[NewMessage], conversations: Mapping[int, Conversation]) -> list[NewMessage]:
    """New messages of conversations that wait for us, in platform time; of an album the caption speaks."""
    waiting = [one for one in new if one.verdict.needed and conversations[one.conversation_id].needs_answer]
    captioned = {_album(one) for one in waiting if one.tags is not None}
    speaking = [one for one in waiting if one.tags is not None or _album(one) is None or _album(one) not in captioned]
    return sorted(speaking, key=lambda one: (one.event.sent_at, one.message_id))


def _album(message: NewMessage) -> tuple[int, str] | None:
    album = message.event.album_external_id
    return (message.conversation_id, album) if album else None


def _take_from_absent(desks: Handout, conversation: Conversation, now: datetime) -> None:
    """On reopen whoever is on shift gets it, not the sleeping owner."""
    if conversation.assignee_id is not None and not desks.is_on_shift(conversation.assignee_id):
        desks.take_back(conversation, now)


def _is_routed(conversation: Conversation) -> bool:
    """Already handed out in this turn of the talk; a person's choice stays, too."""
    since = conversation.waiting_since_at
    routed_now = conversation.routed_at is not None and since is not None and conversation.routed_at >= since
    return conversation.assignee_id is not None or (routed_now and conversation.team_id is not None)


def _act(rule: ReadyRule, conversation: Conversation, desks: Handout, now: datetime) -> None:
    for action in rule.actions:
        match action:
            case SetPriority():
                conversation.priority = action.value
            case HandToTeam():
                desks.hand(conversation, action.team_id, rule.name, now)


async def load_rules(session: AsyncSession, workspace_ids: Collection[int]) -> dict[int, list[ReadyRule]]:
    """Workspace → its rules in order; one that cannot be read is passed over with a log, others still act."""
    rows = await session.scalars(
        select(Rule).where(among(Rule.workspace_id, workspace_ids), Rule.is_enabled).order_by(Rule.position, Rule.id)
    )
    rules: dict[int, list[ReadyRule]] = {}
    for row in rows:
        try:
            conditions, actions = CONDITIONS.validate_python(row.conditions), ACTIONS.validate_python(row.actions)
        except ValidationError as error:
            log.error("rule_passed_over", rule_id=row.id, workspace_id=row.workspace_id, error=str(error))
            continue
        rules.setdefault(row.workspace_id, []).append(ReadyRule(row.name, conditions, actions))
    return rules


async def make_ready_rules(session: AsyncSession, workspace_id: int) -> None:
    """A new workspace's teams and rules: leads to Sales, complaints to Support, the rest to moderators."""
    teams = [
        Team(workspace_id=workspace_id, name=name, purpose=purpose)
        for name, purpose in (("Продажи", "sales"), ("Поддержка", "support"), ("Модераторы", "moderators"))
    ]
    session.add_all(teams)
    await session.flush()
    sales, support, moderators = teams
    asks = NeedsAnswerIs(value=True)
    ready: list[tuple[str, list[Condition], list[Action]]] = [
        ("Лиды → Продажи", [IntentIs(any_of=[Intent.LEAD]), asks], [HandToTeam(team_id=sales.id)]),
        (
            "Жалобы → Поддержка",
            [IntentIs(any_of=[Intent.COMPLAINT]), asks],
            [SetPriority(value=Priority.HIGH), HandToTeam(team_id=support.id)],
        ),
        ("Остальное → Модераторы", [asks], [HandToTeam(team_id=moderators.id)]),
    ]
    for position, (name, conditions, actions) in enumerate(ready):
        session.add(
            Rule(
                workspace_id=workspace_id,
                name=name,
                position=position,
                conditions=CONDITIONS.dump_python(conditions, mode="json"),
                actions=ACTIONS.dump_python(actions, mode="json"),
            )
        )
    await session.flush()
