"""The platforms' adapters, each made when it is first asked for: aiogram's types alone take seconds to import."""

from collections.abc import Iterator, Mapping
from threading import Lock

from typing_extensions import override

from inbox.channels.adapter import Adapter
from inbox.channels.events import Platform


class LazyAdapters(Mapping[Platform, Adapter]):
    """Platform → adapter; `load` makes all of them, in a thread if need be, so that nobody waits for one later.

    `allow_private`: whether channels may use servers and proxies in private networks.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._made: dict[Platform, Adapter] = {}
        self._making = Lock()

    @override
    def __getitem__(self, platform: Platform) -> Adapter:
        with self._making:
            if platform not in self._made:
                self._made[platform] = _make(platform, allow_private=self._allow_private)
            return self._made[platform]

    @override
    def __iter__(self) -> Iterator[Platform]:
        return iter(Platform)

    @override
    def __len__(self) -> int:
        return len(Platform)

    def load(self) -> None:
        """Make all."""
        for platform in self:
            self[platform]

    async def close(self) -> None:
        """Give back what the made ones hold."""
        for adapter in self._made.values():
            await adapter.close()


def _make(platform: Platform, *, allow_private: bool) -> Adapter:
    match platform:
        case Platform.TELEGRAM:
            from bots.telegram.adapter import TelegramAdapter
            from bots.telegram.wire import Wires as TelegramWires

            return TelegramAdapter(wires=TelegramWires(allow_private=allow_private))
        case Platform.VK:
            from bots.vk.adapter import VkAdapter
            from bots.vk.wire import Wires as VkWires

            return VkAdapter(wires=VkWires(allow_private=allow_private))
