"""Labels of a workspace and of a conversation; a name that is not known yet becomes a label."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.conversations.models import Conversation, ConversationLabel, Label
from inbox.core.database import Json
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


async def load_labels(session: AsyncSession, conversation_id: int) -> list[str]:
    """Names of a conversation's labels, in order."""
    rows = await session.scalars(
        select(Label.name)
        .join(ConversationLabel, ConversationLabel.label_id == Label.id)
        .where(ConversationLabel.conversation_id == conversation_id)
        .order_by(Label.name)
    )
    return list(rows)


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


async def set_labels(session: AsyncSession, conversation: Conversation, names: Sequence[str]) -> list[tuple[str, Json]]:
    """Give the conversation exactly these labels; returns the grey line, when something changed."""
    wanted = sorted({clean_name(name) for name in names})
    if len(wanted) > MAX_LABELS:
        raise InvalidInputError("At most %(n)s labels on one conversation.", field="labels", values={"n": MAX_LABELS})
    present = await load_labels(session, conversation.id)
    if set(wanted) == set(present):
        return []
    labels = await ensure_labels(session, conversation.workspace_id, wanted)
    kept = [label.id for label in labels]
    await session.execute(
        delete(ConversationLabel).where(
            ConversationLabel.conversation_id == conversation.id, ConversationLabel.label_id.not_in(kept)
        )
    )
    if kept:
        values = [
            {"workspace_id": conversation.workspace_id, "conversation_id": conversation.id, "label_id": label_id}
            for label_id in kept
        ]
        await session.execute(insert(ConversationLabel).values(values).on_conflict_do_nothing())
    added = [name for name in wanted if name not in present]
    removed = [name for name in present if name not in wanted]
    return [("labels", {"added": added, "removed": removed})]
