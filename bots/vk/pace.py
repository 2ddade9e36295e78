"""How fast a key may call, which key an act wants, and how long a send may last."""

from datetime import timedelta
from hashlib import sha256

from bots.vk.line import CONNECT_SECONDS, READ_SECONDS
from bots.vk.possible import TALKS
from bots.vk.uploads import MAX_FILES
from bots.vk.wire import OWN_CALLS_PER_SECOND, UPLOAD_SECONDS, USER_CALLS_PER_SECOND, Wires
from inbox.channels.adapter import Account, Act, KeyKind
from inbox.channels.events import ConversationKind
from inbox.core.pacing import Bucket

_OWN_ANYWHERE = frozenset({Act.SEND, Act.ATTACH, Act.OPEN_COMMENTS})
_OF_PEOPLE = frozenset({Act.BAN, Act.RESTRICT})
_RATES = {KeyKind.OWN: float(OWN_CALLS_PER_SECOND), KeyKind.USER: float(USER_CALLS_PER_SECOND)}
_CALLS_A_MESSAGE = 2
"""messages.send, and asking which message it became"""


def key_for(act: Act, kind: ConversationKind) -> KeyKind:
    """The community's key sends, and does all with messages; comments and people want an administrator's."""
    if act in _OWN_ANYWHERE or (kind in TALKS and act not in _OF_PEOPLE):
        return KeyKind.OWN
    return KeyKind.USER


def bucket_of(account: Account, kind: KeyKind) -> Bucket:
    """One bucket a key, whichever channels share it; its name does not show the key."""
    token = account.token if kind is KeyKind.OWN else account.user_token or ""
    return Bucket(f"vk:{kind}:{sha256(token.encode()).hexdigest()[:20]}", _RATES[kind], _RATES[kind])


def longest_send(wires: Wires, *, with_files: bool) -> timedelta:
    """All calls of a send with all their repeats; of each file an address, an upload and a name."""
    tries = len(wires.pauses) + 1
    a_call = tries * (CONNECT_SECONDS + READ_SECONDS) + 1.5 * sum(wires.pauses)
    a_file = 2 * a_call + CONNECT_SECONDS + UPLOAD_SECONDS
    return timedelta(seconds=_CALLS_A_MESSAGE * a_call + (MAX_FILES * a_file if with_files else 0.0))
