"""On phones, tablets and narrow windows: the views and the contact's card are behind a tap, and nothing is cut off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from inbox.conversations.panel.views import View
from tests.browser.running import PHONE, WIDE, Demo, note_troubles, open_context, sign_in
from tests.browser.test_pages import CONTRAST

TABLET = (820, 1100)
NARROW = (1180, 800)
CUT_OFF = """menu => {
  const [inner, outer] = [menu, document.querySelector('#stream-scroll')].map(one => one.getBoundingClientRect())
  return inner.left < outer.left || inner.right > outer.right
}"""


@pytest.fixture(scope="module")
def talk(browser: Browser, demo: Demo) -> str:
    """Who wrote a comment that waits for an answer."""
    name = "Вера Узкая"
    demo.say(950_001, name, "Здравствуйте, сколько стоит узкий шкаф?", kind="comment")
    context = open_context(browser)
    page = context.new_page()
    sign_in(page, demo, "owner")
    for _ in range(40):
        page.goto(f"{demo.url}/w/1/inbox")
        if page.locator("#rows .row", has_text=name).count():
            break
        page.wait_for_timeout(500)
    context.close()
    return name


@pytest.fixture
def sized(request: pytest.FixtureRequest, browser: Browser, demo: Demo, talk: str) -> Iterator[Page]:
    """The owner's inbox in a window of a size and a theme."""
    size, theme = request.param
    context = open_context(browser, size, theme)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, demo, "owner")
    yield page
    context.close()


def open_talk(page: Page, demo: Demo, name: str) -> None:
    page.goto(f"{demo.url}/w/1/inbox?q=узкий")
    page.locator("#rows .row", has_text=name).click()
    expect(page.locator("#head")).to_contain_text(name)


@pytest.mark.parametrize("sized", [(PHONE, "light"), (TABLET, "dark")], indirect=True)
def test_the_title_opens_all_views_with_numbers_that_follow(sized: Page, demo: Demo) -> None:
    page, troubles = sized, note_troubles(sized)
    assert page.viewport_size is not None
    views = page.locator("#views-drawer")
    expect(views).to_be_hidden()
    page.locator(".pane-list h1").get_by_role("button").click()
    expect(views).to_be_visible()
    shown = views.locator("[data-view]").evaluate_all("all => all.map(one => one.dataset.view)")
    assert set(shown) == {view.value for view in View} - {View.UNDELIVERED.value}, "which shows when it holds something"
    assert page.evaluate(CONTRAST) == []
    number = views.locator("[data-view=open] .n")
    before = int(number.inner_text())
    demo.say(950_100 + page.evaluate("innerWidth"), "Нина Новая", "Подскажите, есть ли рассрочка?")
    expect(number).to_have_text(str(before + 1))
    page.mouse.click(300, 60 if page.viewport_size["width"] == PHONE[0] else 160)  # beside it: no row opens
    expect(views).to_be_hidden()
    expect(page.locator("#composer")).to_be_hidden()
    page.locator(".pane-list h1").get_by_role("button").click()
    views.locator("[data-view=held]").click()
    expect(page.locator(".pane-list h1")).to_contain_text("Подозрительные")
    expect(views).to_be_hidden()
    assert not troubles


@pytest.mark.parametrize("sized", [(PHONE, "light")], indirect=True)
def test_the_bottom_bar_follows_the_view(sized: Page) -> None:
    here = sized.locator("#tabs [aria-current=page]")
    expect(sized.locator("#tabs a")).to_have_text(["Входящие", "Мои", "Горят", "Негатив", "Ещё"])
    expect(here).to_have_text("Входящие")
    sized.locator(".pane-list h1").get_by_role("button").click()
    sized.locator("#views [data-view=mine]").click()
    expect(here).to_have_text("Мои")
    sized.locator("#tabs").get_by_role("link", name="Ещё").click()
    sized.get_by_role("main").get_by_role("link", name="Каналы").click()
    expect(here).to_have_text("Ещё")


def test_the_bottom_bar_of_sales_has_their_leads(browser: Browser, demo: Demo) -> None:
    context = open_context(browser, PHONE)
    page = context.new_page()
    sign_in(page, demo, "sales")
    expect(page.locator("#tabs a")).to_have_text(["Входящие", "Мои", "Горят", "Лиды", "Ещё"])
    context.close()


@pytest.mark.parametrize("sized", [(PHONE, "dark"), (TABLET, "light"), (NARROW, "light")], indirect=True)
def test_the_contact_is_behind_their_name_and_l_leads_to_labels(sized: Page, demo: Demo, talk: str) -> None:
    page, troubles = sized, note_troubles(sized)
    open_talk(page, demo, talk)
    card, name = page.locator("#contact"), page.locator("#head").get_by_role("button", name=talk)
    expect(card).to_be_hidden()
    name.click()
    expect(card).to_be_visible()
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(name).to_be_focused()
    expect(page.locator("#composer")).to_be_visible()
    page.keyboard.press("l")
    labels = card.locator("[name=labels]")
    expect(labels).to_be_focused()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(name).to_be_focused()
    page.keyboard.press("l")
    labels.fill("узкие")
    labels.press("Enter")
    expect(page.locator(".toast2", has_text="Метки сохранены")).to_be_visible()
    expect(card).to_be_hidden()
    if page.viewport_size == {"width": PHONE[0], "height": PHONE[1]}:
        page.locator("#head summary[aria-label='Ещё']").click()
        page.locator("#head").get_by_role("button", name="О контакте").click()
    else:
        page.locator("#head").get_by_role("button", name="О контакте", exact=True).click()
    expect(labels).to_have_value("узкие")
    card.get_by_role("button", name="Закрыть").click()
    expect(card).to_be_hidden()
    assert not troubles


def test_a_drawer_becomes_a_column_when_the_window_grows(page: Page, demo: Demo, talk: str) -> None:
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    open_talk(page, demo, talk)
    page.keyboard.press("l")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    expect(page.locator("#contact:popover-open")).to_have_count(0)
    expect(page.locator("#contact")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    expect(page.locator("#contact [name=labels]")).to_be_focused()
    expect(page.locator("#contact:popover-open")).to_have_count(0)


@pytest.mark.parametrize("sized", [(PHONE, "light"), (TABLET, "light"), (WIDE, "dark")], indirect=True)
def test_what_a_post_offers_is_not_cut_off(sized: Page, demo: Demo, talk: str) -> None:
    open_talk(sized, demo, talk)
    sized.locator("#stream summary", has_text="Комментарии").click()
    menu = sized.locator("#stream details[open] .menu2")
    expect(menu.get_by_text("Розыгрыш")).to_be_visible()
    assert not menu.evaluate(CUT_OFF)
    sized.keyboard.press("Escape")
    sized.keyboard.press("m")
    expect(sized.locator("#dialogs input[name=action]:checked")).to_be_focused()


@pytest.mark.parametrize("sized", [(PHONE, "light"), (TABLET, "light"), (WIDE, "light")], indirect=True)
def test_a_notice_covers_neither_the_composer_nor_leaves_with_the_talk(sized: Page, demo: Demo, talk: str) -> None:
    page, troubles = sized, note_troubles(sized)
    open_talk(page, demo, talk)
    page.locator("#head summary[aria-label='Ещё']").click()
    page.locator("#head .item", has_text="Высокая").click()
    toast = page.locator(".toast2").last
    expect(toast).to_be_visible()
    seen, composer = toast.bounding_box(), page.locator("#reply-form").bounding_box()
    assert seen is not None
    assert composer is not None
    assert seen["x"] + seen["width"] <= composer["x"] or seen["y"] + seen["height"] <= composer["y"]
    page.keyboard.press("x")  # the last of the list: back to it
    expect(page.locator("#composer")).to_be_hidden()
    page.locator(".toast2", has_text="ответ не нужен").get_by_role("button", name="Отменить").click()
    expect(page.locator(".toast2", has_text="Отменено")).to_be_visible()
    page.wait_for_timeout(300)
    assert not troubles
