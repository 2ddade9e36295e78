"""A conversation is made a lead from its menu: the page stays, a refusal is a toast, a lead is not offered again."""

from playwright.sync_api import Browser, expect

from tests.browser.api import client_of
from tests.browser.running import Demo, open_context, open_found, sign_in

NAME = "Глеб Салонов"


def test_a_refusal_is_said_in_place_and_the_offer_goes(browser: Browser, demo: Demo) -> None:
    demo.say(993_003, NAME, "Подскажите адрес вашего салона?")
    page = open_context(browser).new_page()
    sign_in(page, demo, "owner")
    open_found(page, demo, NAME)
    expect(page.locator("#head")).to_contain_text(NAME)
    talk_id = page.locator("#conversation").get_attribute("data-conversation")
    menu, offer = page.locator("#head summary[title='Ещё']"), page.locator("#head button[hx-post*='/leads/new/']")
    menu.click()
    expect(offer).to_be_visible()
    with client_of(demo, "support") as colleague:
        colleague.post("/leads", json={"workspace_id": 1, "conversation_id": int(talk_id or 0)}).raise_for_status()
    offer.click()
    expect(page.locator(".toast2[data-toast=error]")).to_have_count(1)
    expect(page.locator("#head")).to_contain_text(NAME)
    with page.expect_response("**/leads/new/*"):
        menu.click()
    expect(offer).to_have_count(0)
    page.context.close()
