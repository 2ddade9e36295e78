"""Channels: reached through the caller's rights, connected after the platform was asked, changed, checked, removed.

The platform is never called inside a transaction: what asks it opens its own, short ones.
"""

from inbox.channels.access import access_channel, list_channels, list_chats
from inbox.channels.changing import change_channel
from inbox.channels.checking import run_check
from inbox.channels.connecting import create_channel
from inbox.channels.removing import remove_channel

__all__ = [
    "access_channel",
    "change_channel",
    "create_channel",
    "list_channels",
    "list_chats",
    "remove_channel",
    "run_check",
]
