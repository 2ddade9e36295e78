"""Several conversations at once: chosen by keyboard, by range, by a long press; settled, and put back."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.running import PHONE, Demo, note_troubles, open_context, sign_in

TEN = 10


def write_some(page: Page, demo: Demo, family: str, count: int, first: int) -> None:
    """Conversations of people of one family, listed alone."""
    for number in range(count):
        demo.say(first + number, f"Гость{number} {family}", "Подскажите, пожалуйста, цену и сроки?")
    for _ in range(40):
        page.goto(f"{demo.url}/w/1/inbox?view=open")
        if page.locator("#rows .row", has_text=family).count() >= count:
            break
        page.wait_for_timeout(500)


def test_a_moderator_clears_ten_conversations_by_keyboard(browser: Browser, demo: Demo) -> None:
    context = open_context(browser)
    page = context.new_page()
    troubles = note_troubles(page)
    sign_in(page, demo, "owner")
    write_some(page, demo, "Десятников", TEN, 950_000)
    rows = page.locator("#rows .row")
    bar = page.locator("#bulk")
    before = rows.count()
    for _ in range(TEN - 1):
        page.keyboard.press("v")
    # the same place on the keyboard in the Russian layout
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'м', code: 'KeyV', bubbles: true}))")
    expect(bar).to_contain_text("Выбрано: 10")
    expect(page.locator("#conversation[data-conversation]")).to_have_count(0)
    page.keyboard.press("e")
    toast = page.locator(".toast2", has_text="Закрыто: 10")
    expect(toast).to_be_visible()
    expect(bar).to_be_hidden()
    expect(rows.locator("xpath=self::*[not(contains(@class, 'gone'))]")).to_have_count(before - TEN)
    toast.get_by_role("button", name="Отменить").click()
    expect(page.locator(".toast2", has_text="Отменено: 10")).to_be_visible()
    expect(rows).to_have_count(before)
    assert not troubles
    context.close()


def test_letters_mean_the_chosen_rows_and_a_range_is_chosen_with_shift(page: Page, demo: Demo) -> None:
    write_some(page, demo, "Диапазонов", 4, 951_000)
    boxes = page.locator("#rows [data-pick]")
    page.locator("#rows .row").nth(0).hover()
    boxes.nth(0).click()
    page.locator("#rows .row").nth(3).click(modifiers=["Shift"])
    expect(page.locator("#bulk")).to_contain_text("Выбрано: 4")
    page.keyboard.press("l")
    page.locator("#bulk input[name=label]").fill("опт")
    page.keyboard.press("Enter")
    expect(page.locator(".toast2", has_text="Отмечено меткой: 4")).to_be_visible()
    expect(page.locator("#rows .row", has_text="опт")).to_have_count(4)
    page.keyboard.press("Shift+V")
    expect(page.locator("#bulk [data-pick-all]")).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.locator("#bulk")).to_be_hidden()


def test_they_are_handed_to_a_colleague(page: Page, demo: Demo) -> None:
    write_some(page, demo, "Передаев", 2, 952_000)
    page.keyboard.press("v")
    page.keyboard.press("v")
    page.keyboard.press("a")
    page.locator("#bulk .item", has_text="Света Дорохова").click()
    said = page.locator(".toast2")
    expect(said.filter(has_text="Назначено").or_(said.filter(has_text="Уже так"))).to_be_visible()


def test_on_a_phone_a_long_press_chooses_and_then_a_tap(browser: Browser, demo: Demo) -> None:
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, locale="ru-RU", has_touch=True, is_mobile=True
    )
    page = context.new_page()
    sign_in(page, demo, "owner")
    write_some(page, demo, "Касаев", 2, 953_000)
    rows = page.locator("#rows .row")
    box = rows.nth(0).bounding_box()
    assert box is not None
    touch = {"touchPoints": [{"x": box["x"] + 120, "y": box["y"] + 30}]}
    wire = context.new_cdp_session(page)
    wire.send("Input.dispatchTouchEvent", {"type": "touchStart", **touch})
    expect(page.locator("#bulk")).to_contain_text("Выбрано: 1")
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    rows.nth(1).tap()
    expect(page.locator("#bulk")).to_contain_text("Выбрано: 2")
    expect(page.locator("#conversation[data-conversation]")).to_have_count(0)
    page.locator("#bulk [data-pick-none]").click()
    expect(page.locator("#bulk")).to_be_hidden()
    context.close()
