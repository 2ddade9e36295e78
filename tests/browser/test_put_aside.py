"""What is put aside leaves the inbox for a view of its own, until a time that the person chooses, and comes back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import client_of
from tests.browser.running import Demo, note_troubles
from tests.browser.test_pages import CONTRAST

MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
def talk_id(page: Page, demo: Demo) -> int:
    """A question that waits for an answer."""
    demo.say(970_001, "Ася Отложенная", "Подскажите, когда откроется салон на Мира?")
    with client_of(demo, "owner") as owner:
        for _ in range(60):
            talks = owner.get("/conversations", params={"q": "Отложенная"}).json()["items"]
            if talks:
                found: int = talks[0]["id"]
                return found
            page.wait_for_timeout(250)
    raise AssertionError("the question did not come")


def test_a_talk_is_snoozed_until_a_chosen_time_and_found_among_what_is_put_aside(
    page: Page, demo: Demo, talk_id: int
) -> None:
    troubles = note_troubles(page)
    views, row = page.locator("#views"), page.locator(f"#row-{talk_id}")
    page.goto(f"{demo.url}/w/1/inbox/{talk_id}")
    before = int(views.locator("[data-view=aside] .n").inner_text())
    page.keyboard.press("s")
    menu = page.locator("#head [data-key=s] .menu2")
    expect(menu).to_be_visible()
    assert page.evaluate(CONTRAST) == []
    menu.locator("[name=at]").fill("2020-01-01T10:00")
    menu.locator("[name=at]").evaluate("field => field.form.noValidate = true")
    menu.get_by_role("button").last.click()
    expect(page.locator(".toast2[data-toast=error]")).to_be_visible()
    wanted = (datetime.now(MOSCOW) + timedelta(days=2)).replace(hour=15, minute=30)
    page.keyboard.press("s")
    menu.locator("[name=at]").fill(wanted.strftime("%Y-%m-%dT%H:%M"))
    menu.locator("[name=at]").press("Enter")
    expect(page.locator(".toast2", has_text="15:30")).to_be_visible()
    expect(views.locator("[data-view=aside] .n")).to_have_text(str(before + 1))
    views.locator("[data-view=aside]").click()
    expect(row).to_contain_text("15:30")
    assert page.evaluate(CONTRAST) == []
    row.click()
    page.locator("#head").get_by_label("Ещё").click()
    page.get_by_role("button", name="Вернуть в открытые").click()
    expect(views.locator("[data-view=aside] .n")).to_have_text(str(before))
    assert [one for one in troubles if "422" not in one] == []
