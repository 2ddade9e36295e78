"""Being there: the page tells of keys and pointer now and then, and leads back on shift whoever was set off."""

import pytest
from playwright.sync_api import Browser, Request, Route, expect

from inbox.core.web.templates import environment
from tests.browser.running import PHONE, WIDE, Demo, note_troubles, open_context, sign_in
from tests.browser.test_pages import CONTRAST


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (PHONE, "dark")])
def test_a_page_tells_that_somebody_is_there_and_leads_back_on_shift(
    browser: Browser, demo: Demo, size: tuple[int, int], theme: str
) -> None:
    """Nobody waits an hour here: what the server would say to somebody who was away is said by the test."""
    context = open_context(browser, size, theme)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, demo, "support")
    troubles = note_troubles(page)
    told: list[Request] = []
    notice = environment("ru").get_template("agents/idle_notice.html").render()

    def answer(route: Route) -> None:
        told.append(route.request)
        route.fulfill(status=200, content_type="text/html", body=notice)

    page.evaluate("localStorage.clear()")
    page.route("**/me/active", answer)
    page.keyboard.press("Shift")
    toast = page.locator("[data-toast=idle]")
    expect(toast).to_contain_text("смена закончилась")
    page.mouse.wheel(0, 50)
    page.keyboard.press("Shift")
    page.wait_for_timeout(300)
    assert len(told) == 1
    assert "x-csrf-token" in told[0].headers
    assert page.evaluate(CONTRAST) == []
    with page.expect_response(lambda one: one.url.endswith("/me") and one.request.method == "POST") as back:
        toast.get_by_role("button", name="Вернуться на смену").click()
    assert back.value.status == 204
    expect(toast).to_be_hidden()
    page.unroute("**/me/active")
    page.evaluate("localStorage.clear()")
    with page.expect_response("**/me/active") as said:
        page.keyboard.press("Shift")
    assert said.value.status == 204
    assert not troubles
    context.close()


def test_a_page_waits_before_it_tells_a_server_that_fails_again(browser: Browser, demo: Demo) -> None:
    context = open_context(browser)
    page = context.new_page()
    sign_in(page, demo, "support")
    page.wait_for_load_state()  # until then no script listens to keys
    told: list[Request] = []

    def fail(route: Route) -> None:
        told.append(route.request)
        route.fulfill(status=503)

    page.evaluate("localStorage.clear()")
    page.route("**/me/active", fail)
    for _ in range(5):
        page.keyboard.press("Shift")
        page.mouse.wheel(0, 50)
        page.wait_for_timeout(100)
    assert len(told) == 1
    page.evaluate(
        "for (const [key, at] of Object.entries(localStorage))"
        " if (key.startsWith('otklik-active-')) localStorage.setItem(key, String(Number(at) - 30_000))"
    )
    with page.expect_request("**/me/active"):
        page.keyboard.press("Shift")
    context.close()


def test_the_corner_follows_the_shift_that_was_changed_elsewhere(browser: Browser, demo: Demo) -> None:
    first, second = open_context(browser), open_context(browser)
    here, elsewhere = first.new_page(), second.new_page()
    for page in (here, elsewhere):
        sign_in(page, demo, "support")
    for state, title in (("off", "Не на смене"), ("on", "На смене")):
        elsewhere.locator("#me-menu > summary").click()
        elsewhere.locator(f"#me-menu form:has([name=shift_state][value={state}]) button").click()
        expect(here.locator(f"#me-menu > summary .dot-{state}")).to_have_count(1)
        expect(here.locator("#me-menu > summary")).to_have_attribute("title", f"Игорь Власов · {title}")
        here.locator("#me-menu > summary").click()
        expect(here.locator("#me-menu [aria-checked=true]:has(.dot) svg")).to_have_count(1)
        here.keyboard.press("Escape")
    first.close()
    second.close()
