"""Ringing colleagues: messages with buttons, which a platform may offer besides what adapters do."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from inbox.channels.adapter import Account, Sent


@dataclass(frozen=True, slots=True)
class Button:
    """`value` comes back when it is pressed: at most 64 bytes."""

    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Ring:
    """A message for colleagues; `buttons` in rows; `parent_external_id` is what it answers."""

    chat_external_id: str
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    parent_external_id: str | None = None


@runtime_checkable
class Ringing(Protocol):
    """An adapter that can ring. Refusals are the PlatformError family."""

    async def ring(self, account: Account, ring: Ring) -> Sent:
        """Send it. After an unknown outcome it may be sent again: an alert twice is better than none."""

    async def change_ring(self, account: Account, external_id: str, ring: Ring) -> None:
        """Replace text and buttons; the same again is a success."""

    async def answer_press(self, account: Account, press_id: str, text: str, *, aloud: bool) -> None:
        """Say something to who pressed (`aloud`: until they close it); one that is too old is passed over."""
