"""Who may give out and erase a subscriber's data, what there is, and the erasure as a whole, in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.contacts.models import Contact
from inbox.conversations.erasing import empty_audit, erase_talks, hold_talks
from inbox.conversations.forgotten import Hide
from inbox.conversations.models import Attachment, Conversation, Message
from inbox.core.bulk import among
from inbox.core.errors import ConflictError, NotFoundError
from inbox.core.i18n import N_
from routing.alerts.models import Alert, AlertAnswer, AlertState
from routing.leads.models import Lead
from routing.webhooks.models import EMPTIED, DeliveryState, WebhookDelivery

ERASED = N_("The subscriber's data were erased.")


@dataclass(frozen=True, slots=True)
class Kept:
    """How much there is of a subscriber, and since when."""

    conversations: int
    messages: int
    files: int
    leads: int
    first_at: datetime | None


async def access_contact(session: AsyncSession, caller: Caller, contact_id: int, *, lock: bool = False) -> Contact:
    """The contact; NotFoundError in another's workspace, ForbiddenError for who does not manage contacts."""
    statement = select(Contact).where(Contact.id == contact_id, Contact.workspace_id.in_(caller.scope))
    contact = await session.scalar(statement.with_for_update() if lock else statement)
    if contact is None:
        raise NotFoundError("There is no such contact.")
    caller.require(contact.workspace_id, Permission.MANAGE_CONTACTS)
    return contact


async def count_kept(session: AsyncSession, contact: Contact) -> Kept:
    """For a person to see before they decide."""
    theirs = select(Conversation.id).where(Conversation.contact_id == contact.id)
    said = select(Message.id).where(Message.conversation_id.in_(theirs))
    counted = select(
        theirs.with_only_columns(func.count()).scalar_subquery(),
        said.with_only_columns(func.count()).scalar_subquery(),
        select(func.count()).select_from(Attachment).where(Attachment.message_id.in_(said)).scalar_subquery(),
        select(func.count()).select_from(Lead).where(Lead.contact_id == contact.id).scalar_subquery(),
        said.with_only_columns(func.min(Message.sent_at)).scalar_subquery(),
    )
    conversations, messages, files, leads, first_at = (await session.execute(counted)).one()
    return Kept(conversations, messages, files, leads, first_at)


async def erase_contact(
    session: AsyncSession, caller: Caller, contact_id: int, name: str, hide: Hide, now: datetime
) -> None:
    """Erase all that is kept of a subscriber; `name` stands for theirs from now on. ConflictError when it was done, or
    while something is under way to them."""
    contact = await access_contact(session, caller, contact_id)
    if contact.erased_at is not None:
        raise ConflictError(ERASED)
    talks = await hold_talks(session, contact)
    contact = await access_contact(session, caller, contact_id, lock=True)
    if contact.erased_at is not None:
        raise ConflictError(ERASED)
    leads = (await session.scalars(select(Lead).where(Lead.contact_id == contact.id).with_for_update())).all()
    for lead in leads:
        lead.text, lead.phone, lead.reason = "", None, ""
    await empty_audit(session, contact.workspace_id, ("lead",), [one.id for one in leads])
    await _empty_deliveries(session, contact.workspace_id, talks.conversation_ids)
    await _empty_alerts(session, talks.conversation_ids)
    await erase_talks(session, caller, talks, name, hide, now)
    record(session, contact.workspace_id, caller.agent_id, "contact.erased", contact.id, now)
    await session.flush()


async def _empty_deliveries(session: AsyncSession, workspace_id: int, conversation_ids: list[int]) -> None:
    """What webhooks were told stays here as numbers alone; what they were not told yet they will not hear."""
    numbers = [str(one) for one in conversation_ids]
    of_talk: ColumnElement[str | None] = func.coalesce(
        WebhookDelivery.body[("lead", "conversation_id")].astext,
        WebhookDelivery.body[("message", "conversation_id")].astext,
        select(cast(Lead.conversation_id, Text))
        .where(cast(Lead.id, Text) == WebhookDelivery.body[("lead", "id")].astext)
        .correlate(WebhookDelivery)
        .scalar_subquery(),
    )
    theirs = (WebhookDelivery.workspace_id == workspace_id) & of_talk.in_(numbers)
    unsent = update(WebhookDelivery).where(theirs, WebhookDelivery.state == DeliveryState.QUEUED)
    await session.execute(
        unsent.values(state=DeliveryState.FAILED, last_error=ERASED).execution_options(synchronize_session=False)
    )
    lead_id = func.jsonb_build_object(
        "lead", func.jsonb_build_object("id", WebhookDelivery.body[("lead", "id")]), EMPTIED, True
    )
    await session.execute(
        update(WebhookDelivery).where(theirs).values(body=lead_id).execution_options(synchronize_session=False)
    )


async def _empty_alerts(session: AsyncSession, conversation_ids: list[int]) -> None:
    """What rang in Telegram cannot be unsaid there; here it goes, and what was to ring does not."""
    rung = select(Alert.id).where(among(Alert.conversation_id, conversation_ids))
    await session.execute(delete(AlertAnswer).where(AlertAnswer.alert_id.in_(rung)))
    waits = among(Alert.conversation_id, conversation_ids) & Alert.state.in_((AlertState.QUEUED, AlertState.HELD))
    await session.execute(
        update(Alert)
        .where(waits)
        .values(state=AlertState.FAILED, held_until=None, failure=ERASED)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(Alert)
        .where(among(Alert.conversation_id, conversation_ids))
        .values(details=Alert.details.op("-", return_type=JSONB())(literal("phone")))
        .execution_options(synchronize_session=False)
    )
