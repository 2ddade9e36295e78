"""What subscribers attach is seen, heard and enlarged; what could not be sent says so and can be mended."""

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.running import Demo

KINDS = ("photo", "photo", "video", "voice", "audio", "video_note", "animation", "sticker", "document", "location",
         "contact", "poll")  # fmt: skip


def open_talk(page: Page, demo: Demo, name: str) -> None:
    """The conversation of a subscriber who wrote just now."""
    row = page.locator("#rows .row", has_text=name)
    for _ in range(60):
        page.goto(f"{demo.url}/w/1/inbox?q={name}")
        if row.count():
            break
        page.wait_for_timeout(500)
    row.first.click()
    expect(page.locator("#head")).to_contain_text(name)


def answer(page: Page, text: str) -> Locator:
    """Write and send; the words as the thread shows them."""
    page.keyboard.press("r")
    page.fill("#text", text)
    page.keyboard.press("Control+Enter")
    said = page.locator("#stream > [id^=message-]", has_text=text)
    expect(said).to_be_visible()
    return said


def break_next(demo: Demo, error: object, when: str = "before", method: str = "sendMessage", **more: object) -> None:
    """Telegram's next call of the method goes wrong."""
    body = {"platform": "telegram", "method": method, "error": error, "when": when, "times": 1, **more}
    httpx.post(f"{demo.sim_url}/sim/fault", json=body, timeout=20).raise_for_status()


@pytest.mark.parametrize("platform", ["telegram", "vk"])
def test_every_kind_of_media_is_shown_and_plays(page: Page, demo: Demo, platform: str) -> None:
    author, name = (925_001, "Лада Снимкова") if platform == "telegram" else (925_002, "Майя Кадрова")
    for kind in KINDS:
        if platform == "vk" and kind in ("video_note", "animation", "location", "contact", "poll"):
            continue
        demo.say(author, name, "" if kind != "photo" else "Вот так пришло", platform=platform, media=[kind])
    open_talk(page, demo, name)
    stream = page.locator("#stream")
    expect(stream.locator("a", has_text="Заказ.pdf")).to_be_visible()
    photo = stream.locator("[data-photo] img").first
    photo.scroll_into_view_if_needed()
    expect(photo).not_to_have_js_property("naturalWidth", 0)
    if platform == "telegram":  # VK shows videos on its own pages only
        video = stream.locator("video").first
        video.scroll_into_view_if_needed()
        video.evaluate("one => { one.muted = true; return one.play() }")
        expect(video).not_to_have_js_property("currentTime", 0)
    voice = stream.locator("[data-voice]").first
    voice.locator("[data-play]").click()
    expect(voice.locator("audio")).not_to_have_js_property("currentTime", 0)
    photo.click()
    expect(page.locator("dialog[open] img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_refused_answer_says_why_and_goes_out_when_tried_again(page: Page, demo: Demo) -> None:
    demo.say(925_010, "Нина Отказова", "Есть размер 42?")
    open_talk(page, demo, "Нина Отказова")
    break_next(demo, 403)
    said = answer(page, "Да, есть: привезём завтра")
    expect(said.get_by_role("alert")).to_contain_text("Не отправлено")
    assert "Да, есть: привезём завтра" not in demo.heard(925_010)
    said.get_by_role("button", name="Попробовать снова").click()
    expect(said.locator("[data-delivery=sent]")).to_be_visible()
    assert demo.heard(925_010).count("Да, есть: привезём завтра") == 1


def test_a_lost_answer_is_uncertain_until_a_person_says_that_it_arrived(page: Page, demo: Demo) -> None:
    demo.say(925_020, "Ольга Обрывова", "Работаете в субботу?")
    open_talk(page, demo, "Ольга Обрывова")
    break_next(demo, "drop", when="after")
    said = answer(page, "Да, с десяти до шести")
    expect(said.get_by_role("alert")).to_contain_text("могло дойти")
    assert demo.heard(925_020).count("Да, с десяти до шести") == 1
    said.get_by_role("button", name="Дошло").click()
    expect(said.locator("[data-delivery=sent]")).to_be_visible()
    assert demo.heard(925_020).count("Да, с десяти до шести") == 1


def test_an_edit_that_was_refused_is_cancelled_and_the_text_that_stands_there_is_back(page: Page, demo: Demo) -> None:
    demo.say(925_030, "Вера Правкина", "Почём доставка?")
    open_talk(page, demo, "Вера Правкина")
    said = answer(page, "Доставка стоит 300 рублей")
    expect(said.locator("[data-delivery=sent]")).to_be_visible()
    colleague = page.context.new_page()
    colleague.goto(page.url)
    break_next(demo, 400, method="editMessageText")
    said.hover()
    said.get_by_label("Изменить сообщение").click()
    said.locator("textarea").fill("Доставка стоит 900 рублей")
    said.get_by_role("button", name="Сохранить").click()
    for seen in (page, colleague):
        changed = seen.locator("#stream > [id^=message-]", has_text="900")
        expect(changed).to_contain_text("Правка туда не дошла")
    changed = page.locator("#stream > [id^=message-]", has_text="900")
    changed.get_by_role("button", name="Отменить").click()
    for seen in (page, colleague):
        back = seen.locator("#stream > [id^=message-]", has_text="300 рублей")
        expect(back).to_be_visible()
        expect(back).not_to_contain_text("не дошла")
        expect(back).not_to_contain_text("изменено")
    assert "Доставка стоит 300 рублей" in demo.heard(925_030)
