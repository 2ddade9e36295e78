"""The phone page in a real browser: somebody writes, hears the answer, edits, deletes, blocks."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.simulator.conftest import Line

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
ME = 600_001


@pytest.fixture
async def page(line: Line) -> AsyncIterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing")
        pytest.skip("chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        phone = await browser.new_page(locale="ru-RU", viewport={"width": 390, "height": 844})
        troubles: list[str] = []
        phone.on("pageerror", lambda error: troubles.append(str(error)))
        phone.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        await phone.goto(line.url)
        yield phone
        await browser.close()
        assert troubles == []


async def _write(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Сообщение").fill(text)
    await page.keyboard.press("Enter")


async def test_a_talk_on_the_phone(page: Page, line: Line) -> None:
    talk = page.get_by_role("list")
    await expect(page.get_by_text("Пока тихо")).to_be_visible()
    await _write(page, "Почём кухня?")
    await expect(talk.get_by_text("Почём кухня?")).to_be_visible()
    await line.call("sendMessage", chat_id=ME, text="148 000 ₽")
    await expect(talk.get_by_text("148 000 ₽")).to_be_visible()

    await talk.get_by_text("Почём кухня?").click()
    await page.get_by_role("button", name="Изменить").click()
    await _write(page, "Почём шкаф?")
    await expect(talk.get_by_text("Почём шкаф?")).to_be_visible()
    await expect(talk.get_by_text("изм.")).to_be_visible()

    await talk.get_by_text("Почём шкаф?").click()
    await page.get_by_role("button", name="Удалить").click()
    await expect(talk.get_by_text("Сообщение удалено")).to_be_visible()


async def test_media_other_places_and_other_people(page: Page, line: Line) -> None:
    await page.get_by_role("button", name="Прикрепить").click()
    await page.get_by_role("button", name="Фото").click()
    picture = page.get_by_role("img", name="Фото")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300

    await page.get_by_role("button", name="Комментарии").click()
    await _write(page, "И мне!")
    await expect(page.get_by_role("list").get_by_text("И мне!")).to_be_visible()
    await expect(page.get_by_text("Добро пожаловать!").last).to_be_visible()

    await page.get_by_role("button", name="вы пишете как").click()
    await page.get_by_role("button", name="Добавить подписчика").click()
    await page.get_by_role("textbox", name="Имя").fill("Новый Человек")
    await page.get_by_role("button", name="Добавить", exact=True).click()
    await page.get_by_role("button", name="Группа").click()
    await _write(page, "Всем привет")
    await expect(page.get_by_role("list").get_by_text("Всем привет")).to_be_visible()
    people = (await line.client.get("/sim/world")).json()["people"]
    assert [person["name"] for person in people] == ["Анна Соколова", "Новый Человек"]


async def test_a_blocked_bot_is_not_written_to(page: Page, line: Line) -> None:
    await _write(page, "Здравствуйте")
    await expect(page.get_by_role("list").get_by_text("Здравствуйте")).to_be_visible()
    await page.get_by_role("button", name="Ещё").first.click()
    await page.get_by_role("button", name="Запретить сообщения").click()
    await expect(page.get_by_text("Сообщения запрещены: ответы не дойдут")).to_be_visible()
    assert (await line.call("sendMessage", chat_id=ME, text="ау")).status == 403
    await page.get_by_role("button", name="Ещё").first.click()
    await page.get_by_role("button", name="Разрешить сообщения").click()
    await expect(page.get_by_text("Сообщения запрещены: ответы не дойдут")).to_be_hidden()
