"""An echo bot of vkbottle's, unchanged: the simulator serves the protocol, not our client."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from vkbottle import API, Bot, GroupEventType, GroupTypes
from vkbottle.bot import Message
from vkbottle.http import AiohttpClient

from tests.simulator.conftest import until
from tests.simulator.vk.conftest import GROUP, OWN_TOKEN, VkLine


@pytest.fixture
async def bot(vk: VkLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.chdir(tmp_path)  # where vkbottle writes its place down
    client = AiohttpClient()
    api = API(OWN_TOKEN, http_client=client)
    api.API_URL = f"{vk.url}/method/"
    yield Bot(api=api)
    await client.close()


async def test_it_answers_a_message_and_a_comment(vk: VkLine, bot: Bot) -> None:
    @bot.on.message()
    async def echo(message: Message) -> None:
        await message.answer(f"эхо: {message.text}")

    @bot.on.raw_event(GroupEventType.WALL_REPLY_NEW, dataclass=GroupTypes.WallReplyNew)
    async def comment(event: GroupTypes.WallReplyNew) -> None:
        made = event.object
        if made.from_id > 0 and made.post_id is not None:
            await bot.api.wall.create_comment(
                post_id=made.post_id, owner_id=-GROUP, message=f"эхо: {made.text}", reply_to_comment=made.id, guid="1"
            )

    polling = asyncio.create_task(bot.run_polling())
    try:

        async def is_polling() -> bool:
            return bool(await vk.calls(platform="vk", method="longpoll"))

        await until(is_polling)
        await vk.says("раз")
        await vk.says("вопрос", "comment")

        async def are_heard() -> bool:
            return len(await vk.hears()) == 2

        await until(are_heard)
    finally:
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
    direct, under = sorted(await vk.hears(), key=lambda one: str(one["text"]), reverse=True)
    assert {str(direct["text"]), str(under["text"])} == {"эхо: раз", "эхо: вопрос"}


async def test_it_reads_every_answer(vk: VkLine, bot: Bot) -> None:
    await vk.says("раз")
    await vk.says(media="photo")
    (us,) = (await bot.api.groups.get_by_id()).groups or []
    assert (us.id, us.name) == (GROUP, "Магазин «Отклик»")
    talks = await bot.api.messages.get_conversations(filter="unanswered")
    assert (talks.count, talks.items[0].last_message.attachments is not None) == (1, True)
    (anna,) = await bot.api.users.get(user_ids=[600_001])
    assert (anna.first_name, anna.last_name) == ("Анна", "Соколова")
    sent = await bot.api.messages.send(peer_ids=[600_001], random_id=5, message="два")
    assert isinstance(sent, list)
    assert [one.conversation_message_id for one in sent] == [3]
    history = await bot.api.messages.get_history(peer_id=600_001)
    assert [one.text for one in history.items] == ["два", "", "раз"]
