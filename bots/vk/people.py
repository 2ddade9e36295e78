"""Names of people and communities, which VK's events do not carry: asked for in batches, kept for a day."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bots.fields import RawObject, as_object, find_objects, find_text, get_int
from bots.vk.calls import call, reading_answers
from bots.vk.wire import Wires
from inbox.channels.adapter import Account
from inbox.channels.events import Author

BATCH = 500
MOST_KEPT = 50_000
KEPT_FOR = timedelta(days=1)


class People:
    """The names that are known by now, by server and number."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, str], tuple[datetime, Author]] = {}

    async def name(
        self, wires: Wires, account: Account, external_ids: Iterable[str], now: datetime
    ) -> dict[str, Author]:
        """Who is behind each external id; without those whom VK does not know."""
        wanted = {external_id for external_id in external_ids if external_id.lstrip("-").isdigit()}
        missing = sorted(external_id for external_id in wanted if not self._is_fresh(account, external_id, now))
        with reading_answers():
            for start in range(0, len(missing), BATCH):
                found = await _ask(wires, account, missing[start : start + BATCH])
                self._known |= {(account.api_url, author.external_id): (now, author) for author in found}
        named = {
            external_id: self._known[account.api_url, external_id][1]
            for external_id in wanted
            if (account.api_url, external_id) in self._known
        }
        self._forget_oldest()
        return named

    def _is_fresh(self, account: Account, external_id: str, now: datetime) -> bool:
        kept = self._known.get((account.api_url, external_id))
        return kept is not None and now - kept[0] < KEPT_FOR

    def _forget_oldest(self) -> None:
        while len(self._known) > MOST_KEPT:
            del self._known[next(iter(self._known))]


async def _ask(wires: Wires, account: Account, external_ids: Sequence[str]) -> list[Author]:
    people = [external_id for external_id in external_ids if not external_id.startswith("-")]
    groups = [external_id.lstrip("-") for external_id in external_ids if external_id.startswith("-")]
    found: list[Author] = []
    if people:
        answer = await call(wires, account, "users.get", {"user_ids": ",".join(people), "fields": "screen_name"})
        found += [_person(as_object(entry, "response")) for entry in answer] if isinstance(answer, list) else []
    if groups:
        known = as_object(await call(wires, account, "groups.getById", {"group_ids": ",".join(groups)}), "response")
        found += [_group(entry) for entry in find_objects(known, "groups")]
    return found


def _person(user: RawObject) -> Author:
    number = get_int(user, "id")
    names = (find_text(user, "first_name"), find_text(user, "last_name"))
    return Author(str(number), " ".join(filter(None, names)) or f"id{number}", find_text(user, "screen_name"))


def _group(group: RawObject) -> Author:
    number = get_int(group, "id")
    return Author(str(-number), find_text(group, "name") or f"club{number}", find_text(group, "screen_name"))
