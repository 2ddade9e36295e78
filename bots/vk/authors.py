"""Who wrote, by number only: VK's payloads name nobody. `people.py` finds the names when somebody asks."""

from inbox.channels.events import Author, Me
from inbox.core.errors import UnparsableEventError


def group_id_of(me: Me) -> int:
    """The number of our community."""
    try:
        return abs(int(me.external_id))
    except ValueError:
        raise UnparsableEventError("the channel is not a community") from None


def author_of(author_id: int, me: Me) -> Author:
    """A person, positive, or a community, negative, under a stand-in name (`id1`, `club1`)."""
    external_id = str(author_id)
    name = f"id{author_id}" if author_id >= 0 else f"club{-author_id}"
    is_ours = author_id == -group_id_of(me) or external_id in me.our_external_ids
    return Author(external_id, name, is_bot=False, is_ours=is_ours, is_named=False)


def community(me: Me) -> Author:
    """Our community as an author."""
    return author_of(-group_id_of(me), me)
