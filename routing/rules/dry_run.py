"""What rules would have done with the messages of the last days: nothing is changed.

Tags, needing an answer, texts, hours and first messages are those of then. Labels, priority, the contact's fields and
a post's mode are today's: their history is not kept.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.contacts.models import Contact, Identity
from inbox.conversations.models import Activity, Conversation, Direction, Message, Tags
from inbox.conversations.tags import Tagged
from inbox.core.bulk import among
from routing.rules.actions import Action
from routing.rules.conditions import Condition, PreviousState, fields_of
from routing.rules.editing import access_rule, check_parts
from routing.rules.facts import Facts, Subject, load_surroundings
from routing.rules.matching import matches
from routing.rules.models import Rule
from routing.rules.reading import ReadyRule, load_rules

DAYS = 30
MOST = 20_000
"""Messages that are looked at, the newest ones."""
DRAFT = 0
"""The id of a rule that is not stored."""
_PROBABILITIES: TypeAdapter[dict[str, dict[str, float]]] = TypeAdapter(dict[str, dict[str, float]])
_STATES = {
    "closed": PreviousState.CLOSED,
    "no_answer_needed": PreviousState.CLOSED,
    "snoozed": PreviousState.SNOOZED,
    "reopened": PreviousState.OPEN,
    "needs_answer": PreviousState.OPEN,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """Parts of a rule that is tried before it is stored, or in the place of `rule_id`."""

    conditions: Sequence[Condition]
    actions: Sequence[Action]
    rule_id: int | None = None


@dataclass(frozen=True, slots=True)
class WouldHave:
    """A message that a rule would have acted on."""

    subject: Subject
    contact: str
    rule: ReadyRule


@dataclass(frozen=True, slots=True)
class DryRun:
    """`found` newest first; `matched` counts messages, `overtaken` those that an earlier rule would have kept."""

    looked_at: int
    is_cut: bool
    overtaken: int
    found: Sequence[WouldHave]

    @property
    def matched(self) -> int:
        """Messages on which a rule would have acted."""
        return len({one.subject.message_id for one in self.found})

    @property
    def conversations(self) -> int:
        """How many talks these are."""
        return len({one.subject.conversation_id for one in self.found})


async def dry_run(
    session: AsyncSession, caller: Caller, workspace_id: int, draft: Draft | None, since: datetime
) -> DryRun:
    """Try a draft where it would stand, or (None) all enabled rules, on what came since `since`."""
    caller.require(workspace_id, Permission.MANAGE_RULES)
    if draft is not None:
        await check_parts(session, workspace_id, draft.conditions, draft.actions)
    rules, focus = await _load_rules(session, caller, workspace_id, draft)
    said = await _load_history(session, workspace_id, since)
    asked = {name for rule in rules for name in fields_of(rule.conditions)}
    if "previous_state" in asked:
        said = await _with_previous(session, said)
    around = await load_surroundings(session, [subject for subject, _ in said], asked)
    facts = [(around.facts_of(subject), contact) for subject, contact in said[:MOST]]
    found, overtaken = await asyncio.to_thread(_try_all, rules, facts, focus)
    return DryRun(len(facts), len(said) > MOST, overtaken, found)


async def _load_rules(
    session: AsyncSession, caller: Caller, workspace_id: int, draft: Draft | None
) -> tuple[list[ReadyRule], int | None]:
    """Rules in order with the draft among them, and the id of the one that is asked about (None: all)."""
    stored = (await load_rules(session, {workspace_id})).get(workspace_id, [])
    if draft is None:
        return stored, None
    if draft.rule_id is None:
        return [ReadyRule(DRAFT, "", True, draft.conditions, draft.actions)], DRAFT
    row = await access_rule(session, caller, draft.rule_id, Permission.MANAGE_RULES)
    tried = ReadyRule(row.id, row.name, row.stops, draft.conditions, draft.actions)
    before = await _positions_before(session, stored, row.position, row.id)
    return [*before, tried], row.id


async def _positions_before(
    session: AsyncSession, stored: Sequence[ReadyRule], position: int, rule_id: int
) -> list[ReadyRule]:
    rows = await session.execute(select(Rule.id, Rule.position).where(among(Rule.id, [one.id for one in stored])))
    places = {found: (place, found) for found, place in rows}
    return [one for one in stored if one.id != rule_id and places[one.id] < (position, rule_id)]


def _try_all(
    rules: Sequence[ReadyRule], facts: Iterable[tuple[Facts, str]], focus: int | None
) -> tuple[list[WouldHave], int]:
    found: list[WouldHave] = []
    overtaken = 0
    for one, contact in facts:
        for rule in rules:
            if not matches(rule.conditions, one):
                continue
            if focus is None or rule.id == focus:
                found.append(WouldHave(one.subject, contact, rule))
            elif rule.stops:
                overtaken += any(matches(later.conditions, one) for later in rules if later.id == focus)
            if rule.stops:
                break
    return found, overtaken


async def _load_history(session: AsyncSession, workspace_id: int, since: datetime) -> list[tuple[Subject, str]]:
    """What subscribers wrote, newest first, with their names; one more than MOST when there is more."""
    rows = await session.execute(
        select(
            Message.id, Message.workspace_id, Message.channel_id, Message.conversation_id, Conversation.contact_id,
            Conversation.identity_id, Conversation.post_id, Conversation.kind, Message.text, Message.sent_at, Tags,
            Message.needs_answer, Conversation.priority, Contact.name,
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(Identity, Identity.id == Message.author_identity_id)
        .outerjoin(Tags, Tags.message_id == Message.id)
        .where(
            Message.workspace_id == workspace_id,
            Message.direction == Direction.INBOUND,
            Message.sent_at >= since,
            Message.deleted_at.is_(None),
            Identity.is_bot.is_(False),
        )
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(MOST + 1)
    )  # fmt: skip
    return [
        (
            Subject(
                message_id=row[0], workspace_id=row[1], channel_id=row[2], conversation_id=row[3], contact_id=row[4],
                identity_id=row[5], post_id=row[6], kind=row[7], text=row[8], sent_at=row[9], tags=_tagged(row[10]),
                needs_answer=row[11], priority=row[12], previous=PreviousState.OPEN,
            ),
            row[13],
        )
        for row in rows
    ]  # fmt: skip


def _tagged(tags: Tags | None) -> Tagged | None:
    """As triage gave it; what a person corrected is certain."""
    if tags is None:
        return None
    return Tagged(
        sentiment=tags.sentiment,
        intent=tags.intent,
        toxic=tags.toxic,
        profanity=tags.profanity,
        probabilities={} if tags.corrected_at else _PROBABILITIES.validate_python(tags.probabilities),
        unsure=frozenset(tags.unsure),
        reasons={},
        model_version=tags.model_version,
    )


async def _with_previous(session: AsyncSession, said: Sequence[tuple[Subject, str]]) -> list[tuple[Subject, str]]:
    """With what each conversation was before, as far as its grey lines tell."""
    ids = {subject.conversation_id for subject, _ in said}
    first = await _first_ids(session, ids)
    changes = await _load_changes(session, ids)
    return [
        (_placed(subject, first.get(subject.conversation_id), changes.get(subject.conversation_id, ())), contact)
        for subject, contact in said
    ]


def _placed(subject: Subject, first_id: int | None, changes: Sequence[tuple[datetime, PreviousState]]) -> Subject:
    if subject.message_id == first_id:
        return replace(subject, previous=PreviousState.NEW)
    before = [state for at, state in changes if at < subject.sent_at]
    return replace(subject, previous=before[-1] if before else PreviousState.OPEN)


async def _first_ids(session: AsyncSession, conversation_ids: Collection[int]) -> dict[int, int]:
    rows = await session.execute(
        select(Message.conversation_id, Message.id)
        .where(among(Message.conversation_id, conversation_ids), Message.direction == Direction.INBOUND)
        .order_by(Message.conversation_id, Message.sent_at, Message.id)
        .ext(distinct_on(Message.conversation_id))
    )
    return dict(rows.all())


async def _load_changes(
    session: AsyncSession, conversation_ids: Collection[int]
) -> Mapping[int, Sequence[tuple[datetime, PreviousState]]]:
    rows = await session.execute(
        select(Activity.conversation_id, Activity.occurred_at, Activity.kind, Activity.details)
        .where(among(Activity.conversation_id, conversation_ids), Activity.kind.in_([*_STATES, "waiting"]))
        .order_by(Activity.occurred_at, Activity.id)
    )
    changes: dict[int, list[tuple[datetime, PreviousState]]] = {}
    for conversation_id, at, kind, details in rows:
        state = _STATES.get(kind) or PreviousState(str(details["status"]))
        changes.setdefault(conversation_id, []).append((at, state))
    return changes


def since(now: datetime, days: int = DAYS) -> datetime:
    """Where the days begin."""
    return now - timedelta(days=days)
