"""How much an event may say: what is longer is cut while it is read, an ellipsis marks the place.

Nothing that people write is that long: a message of Telegram has 4,096 characters, a rich one some 32,000, a post of VK
16,000, a name 255. What comes longer comes from whoever speaks in a platform's name; the conversation is opened all the
same, and no later step pays for the length. Attachments beyond their number are left out, and logged.
"""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from inbox.channels.events import (
    Attachment,
    Author,
    BanChanged,
    ButtonPressed,
    InboundEvent,
    MessageReceived,
    OurStandingChanged,
    PostSeen,
    Quoted,
    ReachabilityChanged,
    SaidToDesk,
    StaffChanged,
)

LONGEST_TEXT = 65_536
"""Characters of a message, post, caption, quotation or attachment's title."""
MOST_ATTACHMENTS = 128
"""Of a message or post. In Telegram ten files and a hundred links behind words are possible, in VK ten attachments;
only a VK message that forwards many others has more, of which the first stay."""
LONGEST_NAME = 512
"""Characters of what a person, chat or file is called."""

log = structlog.get_logger()


def cut(text: str, longest: int) -> str:
    """The text, or as much of it as leaves room for an ellipsis: at most `longest` characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def cut_event(event: InboundEvent) -> InboundEvent:
    """The event with nothing longer than it may be: parsers put texts together from many."""
    match event:
        case MessageReceived():
            return _cut_message(event)
        case SaidToDesk():
            return replace(event, message=_cut_message(event.message))
        case PostSeen():
            return replace(
                event,
                text=cut(event.text, LONGEST_TEXT),
                attachments=_cut_attachments(event.attachments, event.external_id),
                chat_title=_cut_name(event.chat_title),
            )
        case ReachabilityChanged() | BanChanged() | StaffChanged() | ButtonPressed():
            return replace(event, author=_cut_author(event.author))
        case OurStandingChanged():
            return replace(event, chat_title=cut(event.chat_title, LONGEST_NAME))
        case _:
            return event


def _cut_message(event: MessageReceived) -> MessageReceived:
    return replace(
        event,
        author=_cut_author(event.author),
        text=cut(event.text, LONGEST_TEXT),
        attachments=_cut_attachments(event.attachments, event.external_id),
        parent=event.parent and _cut_quoted(event.parent),
        chat_title=_cut_name(event.chat_title),
        addressee=event.addressee and _cut_author(event.addressee),
    )


def _cut_quoted(parent: Quoted) -> Quoted:
    author = parent.author and _cut_author(parent.author)
    return replace(parent, author=author, text=cut(parent.text, LONGEST_TEXT))


def _cut_author(author: Author) -> Author:
    return replace(author, name=cut(author.name, LONGEST_NAME), username=_cut_name(author.username))


def _cut_attachments(attachments: Sequence[Attachment], external_id: str) -> tuple[Attachment, ...]:
    if len(attachments) > MOST_ATTACHMENTS:
        left_out = len(attachments) - MOST_ATTACHMENTS
        log.warning("attachments_left_out", external_id=external_id, kept=MOST_ATTACHMENTS, left_out=left_out)
    return tuple(
        replace(one, title=one.title and cut(one.title, LONGEST_TEXT), file_name=_cut_name(one.file_name))
        for one in attachments[:MOST_ATTACHMENTS]
    )


def _cut_name(name: str | None) -> str | None:
    return name and cut(name, LONGEST_NAME)
