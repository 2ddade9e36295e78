"""What a channel's key can do, as its last check found it: a deed that it cannot do is refused with the reason."""

from collections.abc import Collection

from inbox.channels.models import Channel
from inbox.core.errors import ConflictError


def find_refusal(channel: Channel, name: str) -> str | None:
    """Why the key cannot do this; None when it can, or when nobody has checked yet."""
    for capability in channel.capabilities:
        if capability.get("name") == name and capability.get("allowed") is False:
            return str(capability.get("reason") or f"This channel's key cannot do this: {name}.")
    return None


def check_capability(channel: Channel, name: str) -> None:
    """ConflictError with the reason, when the key cannot do this."""
    if (reason := find_refusal(channel, name)) is not None:
        raise ConflictError(reason, extra={"capability": name})


def check_right(channel: Channel, can_act: Collection[str] | None, act: str, name: str) -> None:
    """The same for a deed in one chat: its own rights count, when they are known, before the channel's capability."""
    if can_act is None:
        check_capability(channel, name)
    elif act not in can_act:
        reason = find_refusal(channel, name) or "The bot lacks the administrator's right for this."
        raise ConflictError(reason, extra={"capability": name})
