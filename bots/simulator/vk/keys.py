"""Keys of the simulated VK: each says whose it is, as no real one does, so that none must be registered."""

import re
from dataclasses import dataclass, field

from bots.simulator.vk.refusals import VkApiError

_COMMUNITY = re.compile(r"(?:vk1\.a\.)?club(\d{1,12})\.[\w.-]{4,}")
_USER = re.compile(r"(?:vk1\.a\.)?user(\d{1,12})\.club(\d{1,12})\.[\w.-]{4,}")
HINT = (
    "Here a community's key reads vk1.a.club<id>.<four characters or more>, "
    "an administrator's vk1.a.user<id>.club<id>.<four characters or more>."
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key: of a community, or of a person who administers it."""

    token: str = field(repr=False)
    group_id: int
    user_id: int | None = None

    @property
    def is_community(self) -> bool:
        """Whether it is the community's own."""
        return self.user_id is None


def read_key(token: str | None) -> Key:
    """The key of a token; error 5 for what is none."""
    if not token:
        raise VkApiError(5, "no access_token passed.")
    community, user = _COMMUNITY.fullmatch(token), _USER.fullmatch(token)
    if community is not None and int(community[1]) > 0:
        return Key(token, int(community[1]))
    if user is not None and int(user[1]) > 0 and int(user[2]) > 0:
        return Key(token, int(user[2]), int(user[1]))
    raise VkApiError(5, HINT)
