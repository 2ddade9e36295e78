"""What colleagues tell the bot, as jobs for whoever understands it: presses, answers in the alert chat, codes."""

from collections.abc import Sequence

from inbox.channels.events import ButtonPressed, SaidToDesk
from inbox.conversations.arrivals import Arrived
from inbox.core.events import AnswerAlert, Job, LinkByCode, PressButton


def desk_jobs(arrived: Sequence[Arrived]) -> list[Job]:
    """A job for each, in order; the same word twice is one."""
    jobs: dict[Job, None] = {}
    for one in arrived:
        match one.event:
            case ButtonPressed():
                jobs[_press(one.channel.channel_id, one.event)] = None
            case SaidToDesk():
                jobs[_said(one.channel.channel_id, one.event)] = None
            case _:
                pass
    return list(jobs)


def _press(channel_id: int, event: ButtonPressed) -> Job:
    return PressButton(
        channel_id=channel_id, press_id=event.press_id, chat_external_id=event.chat_external_id,
        message_external_id=event.message_external_id, author_external_id=event.author.external_id, value=event.value,
    )  # fmt: skip


def _said(channel_id: int, said: SaidToDesk) -> Job:
    message = said.message
    if said.code is not None:
        return LinkByCode(
            channel_id=channel_id, code=said.code, chat_external_id=message.chat_external_id,
            chat_title=message.chat_title or "", is_private=message.chat_external_id == message.author.external_id,
            author_external_id=message.author.external_id, author_name=message.author.name,
        )  # fmt: skip
    return AnswerAlert(
        channel_id=channel_id, chat_external_id=message.chat_external_id, message_external_id=message.external_id,
        parent_external_id=message.parent.external_id if message.parent else "",
        author_external_id=message.author.external_id, text=message.text,
    )  # fmt: skip
