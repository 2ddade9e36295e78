"""Two moderators reach for one conversation at the same moment: one has it, the other sees who."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.api import client_of
from tests.browser.running import Demo, open_context, sign_in

SUBSCRIBER = 990_001
RACERS = ("support", "moderator")
LEAD = 1500
"""Milliseconds until both click, at the same instant of the machine's clock."""


def open_talk(browser: Browser, demo: Demo, who: str, talk_id: object) -> Page:
    """The conversation as this colleague sees it, with nobody on it."""
    page = open_context(browser).new_page()
    sign_in(page, demo, who)
    page.goto(f"{demo.url}/w/1/inbox/{talk_id}")
    expect(page.locator("#head button[hx-post*='/take']")).to_have_count(1)
    return page


def test_one_of_two_gets_it_and_the_other_sees_who_has_it(browser: Browser, demo: Demo) -> None:
    demo.say(SUBSCRIBER, "Нина Спорная", "Подскажите адрес вашего салона?")
    with client_of(demo, "owner") as owner:
        probe = browser.new_page()
        talks: list[dict[str, object]] = []
        for _ in range(60):
            talks = owner.get("/conversations", params={"q": "Спорная"}).json()["items"]
            if talks:
                break
            probe.wait_for_timeout(250)
        probe.close()
        (talk,) = talks
        nobody = {"assignee_id": None, "team_id": None, "status": "open", "needs_answer": True}
        owner.patch(f"/conversations/{talk['id']}", json=nobody).raise_for_status()
        pages = {who: open_talk(browser, demo, who, talk["id"]) for who in RACERS}
        for page in pages.values():
            page.evaluate("window.isTheSamePage = true")
        at = next(iter(pages.values())).evaluate(f"Date.now() + {LEAD}")
        for page in pages.values():
            page.evaluate(
                "at => { setTimeout(() => document.querySelector('#head button[hx-post*=\"/take\"]').click(),"
                " at - Date.now()) }",
                at,
            )
        for page in pages.values():
            expect(page.locator(".toast2")).to_have_count(1)
        mine = {
            who: page.locator(".toast2", has_text="Теперь это ваше обращение").count() for who, page in pages.items()
        }
        assert sorted(mine.values()) == [0, 1]
        winner, loser = sorted(RACERS, key=lambda who: -mine[who])
        with client_of(demo, winner) as client:
            me = client.get("/me").json()
        held = owner.get(f"/conversations/{talk['id']}").json()
        assert held["assignee_id"] == me["id"]
        expect(pages[loser].locator(".toast2[data-toast=error]")).to_contain_text(me["name"])
        for page in pages.values():
            expect(page.locator("#head button[hx-post*='/take']")).to_have_count(0)
            expect(page.locator(f"#head [data-key=a] > summary [title='{me['name']}']")).to_be_visible()
            assert page.evaluate("window.isTheSamePage")
            page.context.close()
        owner.patch(f"/conversations/{talk['id']}", json={"status": "closed"}).raise_for_status()
