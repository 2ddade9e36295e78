"""Labels of a workspace and of a conversation; a name that is not known yet becomes a label."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.conversations.changes import UNSET, Change
from inbox.conversations.models import Conversation, ConversationLabel, Label
from inbox.core.errors import InvalidInputError
from inbox.core.web.paging import encode_cursor, id_after

MAX_LABELS = 20
NAME_LENGTH = 60


def clean_name(name: str, field: str = "labels") -> str:
    """A label's name without stray blanks; InvalidInputError for an empty or an endless one."""
    cleaned = " ".join(name.split())
    if not cleaned or "\x00" in cleaned:
        raise InvalidInputError("A label needs a name.", field=field)
    if len(cleaned) > NAME_LENGTH:
        raise InvalidInputError("A label's name has at most %(n)s characters.", field=field, values={"n": NAME_LENGTH})
    return cleaned


async def load_labels_of(session: AsyncSession, conversation_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Conversation → names of its labels, in order; those without any are left out."""
    rows = await session.execute(
        select(ConversationLabel.conversation_id, Label.name)
        .join(Label, Label.id == ConversationLabel.label_id)
        .where(ConversationLabel.conversation_id.in_(conversation_ids))
        .order_by(Label.name)
    )
    labels: dict[int, tuple[str, ...]] = {}
    for conversation_id, name in rows:
        labels[conversation_id] = (*labels.get(conversation_id, ()), name)
    return labels


async def list_labels(
    session: AsyncSession, caller: Caller, workspace_id: int | None, cursor: str | None, limit: int
) -> tuple[list[Label], str | None]:
    """Labels of one workspace, or of all where the caller reads conversations, in order of making."""
    statement = select(Label).where(Label.workspace_id.in_(caller.workspaces_with(Permission.READ_CONVERSATIONS)))
    if workspace_id is not None:
        caller.require(workspace_id, Permission.READ_CONVERSATIONS)
        statement = statement.where(Label.workspace_id == workspace_id)
    statement = statement.where(Label.id > id_after(cursor)).order_by(Label.id).limit(limit + 1)
    found = list(await session.scalars(statement))
    more = len(found) > limit
    return found[:limit], encode_cursor([found[limit - 1].id]) if more else None


async def create_label(session: AsyncSession, caller: Caller, workspace_id: int, name: str) -> Label:
    """A label of this name; it may be there already."""
    caller.require(workspace_id, Permission.ANSWER)
    (label,) = await ensure_labels(session, workspace_id, [clean_name(name, field="name")])
    return label


async def ensure_labels(session: AsyncSession, workspace_id: int, names: Sequence[str]) -> list[Label]:
    """The workspace's labels of these names, made where missing; two people at once make one."""
    if not names:
        return []
    rows = [{"workspace_id": workspace_id, "name": name} for name in sorted(names)]
    await session.execute(insert(Label).values(rows).on_conflict_do_nothing())
    found = await session.scalars(select(Label).where(Label.workspace_id == workspace_id, Label.name.in_(names)))
    return list(found)


def wanted_labels(present: tuple[str, ...], wanted: Change) -> tuple[str, ...]:
    """The labels that a change leaves on a conversation, in order; InvalidInputError for a bad name or too many."""
    if wanted.labels is UNSET and not wanted.added_labels and not wanted.removed_labels:
        return present
    names = set(present) if wanted.labels is UNSET else {clean_name(name) for name in wanted.labels}
    names |= {clean_name(name) for name in wanted.added_labels}
    names -= {clean_name(name) for name in wanted.removed_labels}
    if len(names) > MAX_LABELS:
        raise InvalidInputError("At most %(n)s labels on one conversation.", field="labels", values={"n": MAX_LABELS})
    return tuple(sorted(names))


async def write_labels(
    session: AsyncSession,
    conversations: Sequence[Conversation],
    labels: Mapping[int, tuple[Collection[str], Collection[str]]],
) -> None:
    """Conversation → its labels' names before and after: what is missing is added, what is gone taken off."""
    for workspace_id in sorted({one.workspace_id for one in conversations}):
        changed = {
            one.id: labels[one.id]
            for one in conversations
            if one.workspace_id == workspace_id and set(labels[one.id][0]) != set(labels[one.id][1])
        }
        if changed:
            await _write_labels_in(session, workspace_id, changed)


async def _write_labels_in(
    session: AsyncSession, workspace_id: int, labels: Mapping[int, tuple[Collection[str], Collection[str]]]
) -> None:
    names = {name for before, after in labels.values() for name in (*before, *after)}
    ids = {label.name: label.id for label in await ensure_labels(session, workspace_id, sorted(names))}
    gone = [(one, ids[name]) for one, (before, after) in labels.items() for name in before if name not in after]
    new = [
        {"workspace_id": workspace_id, "conversation_id": one, "label_id": ids[name]}
        for one, (before, after) in labels.items()
        for name in after
        if name not in before
    ]
    if gone:
        pair = tuple_(ConversationLabel.conversation_id, ConversationLabel.label_id)
        await session.execute(delete(ConversationLabel).where(pair.in_(gone)))
    if new:
        await session.execute(insert(ConversationLabel).values(new).on_conflict_do_nothing())
