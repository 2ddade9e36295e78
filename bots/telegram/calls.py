"""One call of a bot: the raw result, or the PlatformError that the refusal means."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import ClientTimeout

from bots.telegram.reasons import NO_ANSWER
from bots.telegram.refusals import refusal_of
from bots.telegram.wire import CALL_LIMITS, Wires
from inbox.channels.adapter import Account
from inbox.core.errors import TemporaryRefusalError, UnknownOutcomeError, UnparsableEventError


async def call(
    wires: Wires, account: Account, method: TelegramMethod[TelegramType], limits: ClientTimeout = CALL_LIMITS
) -> object:
    """Ask once. A lost answer is an UnknownOutcomeError: for what would be done twice by a second try."""
    answer = await wires.wire(account).ask(account, method, limits)
    if answer.ok:
        return answer.result
    raise refusal_of(answer)


async def call_repeatable(wires: Wires, account: Account, method: TelegramMethod[TelegramType]) -> object:
    """Ask once for what may be asked again; a lost answer is then a TemporaryRefusalError."""
    reason = ""
    try:
        return await call(wires, account, method)
    except UnknownOutcomeError as lost:
        reason = lost.reason
    raise TemporaryRefusalError(reason)


@contextmanager
def reading_answers() -> Iterator[None]:
    """An answer that lacks what the Bot API promises is as good as none."""
    try:
        yield
    except UnparsableEventError:
        raise TemporaryRefusalError(NO_ANSWER) from None
