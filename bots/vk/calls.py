"""One call with one of a channel's keys: the raw result, or the PlatformError that the refusal means.

Whatever we ask may be asked again without harm: messages carry their row's random_id, comments its guid. So a lost
answer is asked for again, and is a TemporaryRefusalError when none comes.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import SystemRandom

from bots.vk import reasons
from bots.vk.refusals import AT_ONCE, refusal_of
from bots.vk.wire import Answer, File, Params, Wires
from inbox.channels.adapter import Account, KeyKind
from inbox.core.errors import (
    KeyRefusedError,
    PermanentRefusalError,
    TemporaryRefusalError,
    UnknownOutcomeError,
    UnparsableEventError,
)

_random = SystemRandom()


async def call(wires: Wires, account: Account, method: str, params: Params, key: KeyKind = KeyKind.OWN) -> object:
    """Ask, up to three times for what passes by itself."""
    answer = await ask(wires, account, method, params, key)
    if answer.ok:
        return answer.result
    raise refusal_of(answer, method, key)


async def ask(wires: Wires, account: Account, method: str, params: Params, key: KeyKind = KeyKind.OWN) -> Answer:
    """The answer as it is, a refusal included; TemporaryRefusalError when none can be had."""
    wire = wires.wire(account, key, _token(account, key))
    for pause in (*wires.pauses, None):
        try:
            answer = await wire.ask(method, params)
        except UnknownOutcomeError:
            if pause is None:
                break
        else:
            if pause is None or answer.code not in AT_ONCE:
                return answer
        await asyncio.sleep(_random.uniform(pause, 1.5 * pause))
    raise TemporaryRefusalError(reasons.NO_ANSWER)


async def upload(wires: Wires, account: Account, url: str, file: File, key: KeyKind = KeyKind.OWN) -> object:
    """Bring a file to the address that VK gave for it; a lost answer is a TemporaryRefusalError."""
    wire = wires.wire(account, key, _token(account, key))
    try:
        return await wire.upload(url, file)
    except UnknownOutcomeError:
        pass
    raise TemporaryRefusalError(reasons.NO_ANSWER)


def group_id_of(account: Account) -> int:
    """The community of a channel."""
    try:
        return abs(int(account.external_id))
    except ValueError:
        raise PermanentRefusalError(reasons.UNKNOWN_ADDRESS) from None


def _token(account: Account, key: KeyKind) -> str:
    if key is KeyKind.USER:
        if not account.user_token:
            raise PermanentRefusalError(reasons.NEEDS_USER_KEY)
        return account.user_token
    if not account.token:
        raise KeyRefusedError(reasons.KEY_REVOKED)
    return account.token


@contextmanager
def reading_answers() -> Iterator[None]:
    """An answer that lacks what VK promises is as good as none."""
    try:
        yield
    except UnparsableEventError:
        raise TemporaryRefusalError(reasons.NO_ANSWER) from None
