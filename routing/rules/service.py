"""Applies a workspace's rules to what was just stored, in the batch's transaction.

A rule acts on what subscribers write, never on our own messages, bots or auto-replies, so that no rule can set off
another. In one turn of a talk (until it is answered or closed) it acts once; what belongs to the message itself, such
as flagging it, is done for each, up to MOST_AN_HOUR. An edit sets off nothing: at most it finds somebody for what
nobody has yet, or makes a lead of what was none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.calendars.service import load_hours
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation
from inbox.core.bulk import among
from inbox.sla.service import load_policy_names
from routing.assignment.choosing import Choosing
from routing.assignment.service import load_desks, load_last_answering, load_teams_alone
from routing.rules.acting import Deeds, Hit
from routing.rules.actions import Action, Assign, HandToTeam, Hold, MakeLead, Mention, SetPolicy, SetPriority, Snooze
from routing.rules.conditions import PreviousState, fields_of
from routing.rules.facts import Subject, Surroundings, load_surroundings
from routing.rules.matching import matches
from routing.rules.models import RuleRun
from routing.rules.people import load_people
from routing.rules.reading import ReadyRule, load_rules
from routing.rules.ready import make_ready_rules

__all__ = ["apply_rules", "make_ready_rules"]

MOST_AN_HOUR = 20
"""How often one rule acts in one conversation within an hour."""
_EACH_MESSAGE = (Hold,)
"""Actions that belong to the message, not to the turn."""
_OF_HISTORY = (HandToTeam, Assign, SetPriority)
"""Actions that are done also for what was written before the channel was connected."""
_OF_EDITS = (*_OF_HISTORY, MakeLead)

log = structlog.get_logger()


@dataclass(slots=True)
class _Runs:
    """How rules acted in one conversation before: rule → turns, and rule → how often within the last hour."""

    turns: dict[int, set[datetime]]
    lately: dict[int, int]


async def apply_rules(
    session: AsyncSession, new: Sequence[NewMessage], conversations: Mapping[int, Conversation], now: datetime
) -> None:
    """Try the rules of each workspace, in order, on each new message of a subscriber, in platform time."""
    heard = _heard(new)
    if not heard:
        return
    workspace_ids = {message.workspace_id for message in heard}
    rules = await load_rules(session, workspace_ids)
    subjects = _subjects(heard, conversations)
    deeds = await _prepare(session, heard, conversations, rules, now)
    asked = {name for ready in rules.values() for rule in ready for name in fields_of(rule.conditions)}
    around = await load_surroundings(session, list(subjects.values()), asked)
    runs = await _load_runs(session, set(conversations), now)
    for message in heard:
        conversation = conversations[message.conversation_id]
        if (message.reopens or message.asks_anew) and conversation.id not in deeds.touched:
            deeds.take_back(conversation, reopens=message.reopens)
        subject = subjects[message.message_id]
        _try_rules(rules.get(message.workspace_id, []), message, conversation, subject, around, runs, deeds)
    await deeds.write(session)


def _heard(new: Sequence[NewMessage]) -> list[NewMessage]:
    """What people wrote, in platform time; of an album the caption speaks."""
    people = [one for one in new if not one.event.author.is_bot]
    captioned = {_album(one) for one in people if one.tags is not None}
    speaking = [one for one in people if one.tags is not None or _album(one) is None or _album(one) not in captioned]
    return sorted(speaking, key=lambda one: (one.event.sent_at, one.message_id))


def _album(message: NewMessage) -> tuple[int, str] | None:
    album = message.event.album_external_id
    return (message.conversation_id, album) if album else None


def _subjects(heard: Sequence[NewMessage], conversations: Mapping[int, Conversation]) -> dict[int, Subject]:
    """Message → what conditions ask of it."""
    subjects: dict[int, Subject] = {}
    seen: set[int] = set()
    for one in heard:
        conversation = conversations[one.conversation_id]
        before = PreviousState(one.previous.value) if one.previous is not None else PreviousState.NEW
        subjects[one.message_id] = Subject(
            message_id=one.message_id,
            workspace_id=one.workspace_id,
            channel_id=one.channel_id,
            conversation_id=conversation.id,
            contact_id=conversation.contact_id,
            identity_id=conversation.identity_id,
            post_id=conversation.post_id,
            kind=conversation.kind,
            text=one.event.text,
            sent_at=one.event.sent_at,
            tags=one.tags,
            needs_answer=one.verdict.needed and conversation.needs_answer,
            previous=PreviousState.OPEN if conversation.id in seen else before,
            priority=conversation.priority,
        )
        seen.add(conversation.id)
    return subjects


async def _prepare(
    session: AsyncSession,
    heard: Sequence[NewMessage],
    conversations: Mapping[int, Conversation],
    rules: Mapping[int, Sequence[ReadyRule]],
    now: datetime,
) -> Deeds:
    """Teams and people, and only what some action asks for."""
    workspace_ids = {message.workspace_id for message in heard}
    if any(conversations[one.conversation_id].needs_answer for one in heard):
        anew = [one for one in heard if one.reopens or one.asks_anew]
        owners = {conversations[message.conversation_id].assignee_id for message in anew}
        desks = await load_desks(session, workspace_ids, [one for one in owners if one is not None])
    else:
        desks = await load_teams_alone(session, workspace_ids)
    actions: list[Action] = [action for ready in rules.values() for rule in ready for action in rule.actions]
    if any(isinstance(one, HandToTeam) and one.choose is Choosing.STICKY for one in actions):
        contacts = {conversations[one.conversation_id].contact_id for one in heard}
        desks.before = await load_last_answering(session, contacts)
    names = any(isinstance(one, Mention) or (isinstance(one, Assign) and one.to != "on_shift") for one in actions)
    sleeps = any(isinstance(one, Snooze) and one.until == "opening" for one in actions)
    promises = any(isinstance(one, SetPolicy) for one in actions)
    return Deeds(
        desks=desks,
        policies=await load_policy_names(session, workspace_ids) if promises else {},
        people=await load_people(session, workspace_ids) if names else {},
        hours=await load_hours(session, workspace_ids) if sleeps else {},
        now=now,
    )


async def _load_runs(session: AsyncSession, conversation_ids: set[int], now: datetime) -> dict[int, _Runs]:
    lately = func.count().filter(RuleRun.acted_at > now - timedelta(hours=1))
    rows = await session.execute(
        select(RuleRun.conversation_id, RuleRun.rule_id, RuleRun.turn_at, lately)
        .where(among(RuleRun.conversation_id, conversation_ids))
        .group_by(RuleRun.conversation_id, RuleRun.rule_id, RuleRun.turn_at)
    )
    runs: dict[int, _Runs] = {}
    for conversation_id, rule_id, turn_at, count in rows:
        found = runs.setdefault(conversation_id, _Runs({}, {}))
        found.turns.setdefault(rule_id, set()).add(turn_at)
        found.lately[rule_id] = found.lately.get(rule_id, 0) + count
    return runs


def _try_rules(
    rules: Sequence[ReadyRule],
    message: NewMessage,
    conversation: Conversation,
    subject: Subject,
    around: Surroundings,
    runs: dict[int, _Runs],
    deeds: Deeds,
) -> None:
    may_hand, turn_at = not _is_routed(conversation), _turn_at(conversation)
    before = runs.setdefault(conversation.id, _Runs({}, {}))
    is_further = any(turn_at in turns for turns in before.turns.values())
    facts = around.facts_of(subject).after(conversation.priority, deeds.labels.get(conversation.id, ()))
    for rule in rules:
        if not matches(rule.conditions, facts):
            continue
        actions = _due_actions(rule, message, before, turn_at)
        if actions:
            hit = Hit(rule, actions, message, conversation, may_hand, is_further)
            deeds.act(hit)
            deeds.note_run(hit, turn_at)
            before.turns.setdefault(rule.id, set()).add(turn_at)
            before.lately[rule.id] = before.lately.get(rule.id, 0) + 1
            may_hand, is_further = not _is_routed(conversation), True
        if rule.stops:
            return
        facts = facts.after(conversation.priority, deeds.labels.get(conversation.id, ()))


def _due_actions(rule: ReadyRule, message: NewMessage, before: _Runs, turn_at: datetime) -> list[Action]:
    if before.lately.get(rule.id, 0) >= MOST_AN_HOUR:
        log.warning("rule_acts_too_often", rule_id=rule.id, conversation_id=message.conversation_id)
        return []
    if message.is_edit or message.is_quiet:
        kinds = _OF_HISTORY if message.is_quiet else _OF_EDITS
        return [action for action in rule.actions if isinstance(action, kinds)]
    if turn_at in before.turns.get(rule.id, ()):
        return [action for action in rule.actions if isinstance(action, _EACH_MESSAGE)]
    return list(rule.actions)


def _turn_at(conversation: Conversation) -> datetime:
    """Since when the contact waits, or since when nothing waits."""
    return conversation.waiting_since_at or conversation.last_answer_at or conversation.started_at


def _is_routed(conversation: Conversation) -> bool:
    """Already handed out in this turn of the talk; a person's choice stays, too."""
    since = conversation.waiting_since_at
    routed_now = conversation.routed_at is not None and since is not None and conversation.routed_at >= since
    return conversation.assignee_id is not None or (routed_now and conversation.team_id is not None)
