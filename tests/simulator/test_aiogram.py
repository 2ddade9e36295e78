"""An echo bot of aiogram's, unchanged, by polling and by webhook: the simulator serves the protocol, not our client."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from tests.serving import serving
from tests.simulator.conftest import TOKEN, Line, until


@pytest.fixture
async def bot(line: Line) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(line.url))
    echo = Bot(TOKEN, session=session)
    yield echo
    await session.close()


def _dispatcher() -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        if not message.is_automatic_forward:
            await message.reply(f"эхо: {message.text}")

    return dispatcher


async def _heard(line: Line, count: int) -> list[object]:
    async def are_there() -> bool:
        return len(await line.heard()) >= count

    await until(are_there)
    return [item["text"] for item in await line.heard()]


async def test_an_echo_bot_polls(line: Line, bot: Bot) -> None:
    dispatcher = _dispatcher()
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
    await line.say("раз")
    await line.say("вопрос", "comment")
    assert sorted(map(str, await _heard(line, 2))) == ["эхо: вопрос", "эхо: раз"]
    await dispatcher.stop_polling()
    await polling


async def test_an_echo_bot_has_a_webhook(line: Line, bot: Bot) -> None:
    dispatcher = _dispatcher()
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token="s3cret").register(app, path="/hook")
    setup_application(app, dispatcher, bot=bot)
    async with serving(app) as address:
        await bot.set_webhook(f"{address}/hook", secret_token="s3cret")
        await line.say("раз")
        assert await _heard(line, 1) == ["эхо: раз"]
        await bot.delete_webhook()


async def test_aiogram_reads_every_answer(line: Line, bot: Bot) -> None:
    await line.say("раз")
    discussion = await line.chat("discussion")
    me = await bot.get_me()
    assert (me.id, me.can_read_all_group_messages) == (7700000001, False)
    assert (await bot.get_chat(discussion)).linked_chat_id == await line.chat("channel")
    assert len(await bot.get_chat_administrators(discussion)) == 2
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await line.say(media="document")
    updates = await bot.get_updates(offset=-1)
    assert updates[0].message is not None
    assert updates[0].message.document is not None
    content = await bot.download(updates[0].message.document)
    assert content is not None
    assert content.read(4) == b"%PDF"
