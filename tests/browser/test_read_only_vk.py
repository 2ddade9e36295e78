"""Comments that VK lets no program answer: the composer says why, and "open in VK" leads to that very comment."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Demo

ONLY_IN_VK = "ВК не разрешает программам отвечать здесь: откройте в ВК."


@pytest.mark.parametrize(
    ("under", "where", "address"),
    [
        ("photo", "комментарий к фото", r"https://vk\.com/photo-\d+_31\?reply={}"),
        ("video", "комментарий к видео", r"https://vk\.com/video-\d+_31\?reply={}"),
        ("product", "комментарий к товару", r"https://vk\.com/market-\d+\?w=product-\d+_31&reply={}"),
        ("topic", "в обсуждении", r"https://vk\.com/topic-\d+_31\?post={}"),
    ],
)
def test_what_cannot_be_answered_here_says_so_and_leads_to_the_comment(
    page: Page, demo: Demo, under: str, where: str, address: str
) -> None:
    text = f"А доставка сюда сколько стоит, {under}?"
    said = demo.say(927_001, "Вера Читаева", text, platform="vk", kind="comment", under=under)
    row = page.locator("#rows .row", has_text=text)
    for _ in range(60):
        page.goto(f"{demo.url}/w/1/inbox?q={under}")
        if row.count():
            break
        page.wait_for_timeout(500)
    expect(row).to_contain_text(where)
    row.click()
    expect(page.locator("#head")).to_contain_text(where)
    notice = page.locator("#notice")
    expect(notice).to_contain_text(ONLY_IN_VK)
    expect(notice.get_by_role("link")).to_have_attribute("href", re.compile(address.format(said["message_id"]) + "$"))
    expect(page.get_by_role("button", name="Ответ", exact=True)).to_be_disabled()
    page.fill("#text", "Ответила в ВК")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#stream")).to_contain_text("Ответила в ВК")
