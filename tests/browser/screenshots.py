"""`python -m tests.browser.screenshots`: every page, both themes and widths, on a demo with traffic."""

import sys

from playwright.sync_api import Browser, Page

from tests.browser.running import PHONE, ROOT, WIDE, Demo, open_context, running_browser, running_demo, sign_in

FOLDER = ROOT / "screenshots"
PAGES = {
    "inbox": "/w/1/inbox",
    "leads": "/w/1/inbox?view=leads",
    "burning": "/w/1/inbox?view=due_soon",
    "late": "/w/1/inbox?view=breached",
    "automatic": "/w/1/inbox?view=automatic",
    "all-projects": "/w/all/inbox",
    "search": "/w/1/inbox?q=кухня",
    "channels": "/w/1/channels",
    "channels-new": "/w/1/channels/new",
    "more": "/w/1/more",
    "speed": "/w/1/sla",
    "leads-list": "/w/1/leads",
    "rules": "/w/1/settings/rules",
    "rules-new": "/w/1/settings/rules/new",
    "hours": "/w/1/settings/hours",
    "promises": "/w/1/settings/promises",
    "auto-replies": "/w/1/settings/auto-replies",
    "alerts": "/w/1/settings/alerts",
    "webhooks": "/w/1/settings/webhooks",
    "canned": "/w/1/settings/canned",
    "people": "/w/1/settings/people",
    "teams": "/w/1/settings/teams",
    "model": "/w/1/settings/model",
    "missing": "/w/999/inbox",
}
SUBSCRIBER = 940_001
TRAFFIC_MILLISECONDS = 20_000


def main() -> int:
    """Take them all; prints where they are."""
    FOLDER.mkdir(exist_ok=True)
    with running_demo() as demo, running_browser() as browser:
        _tell_a_story(browser, demo)
        for theme in ("light", "dark"):
            for name, size in (("wide", WIDE), ("phone", PHONE)):
                _take_all(browser, demo, theme, size, f"{name}-{theme}")
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}\n")
    return 0


def _tell_a_story(browser: Browser, demo: Demo) -> None:
    """One conversation with everything in it: question, note, answer."""
    context = open_context(browser)
    page = context.new_page()
    sign_in(page, demo, "owner")
    page.wait_for_timeout(TRAFFIC_MILLISECONDS)
    demo.say(SUBSCRIBER, "Анна Соколова", "Почём кухня «Верба», если 2,4 метра? И доставка в Казань сколько будет")
    demo.say(SUBSCRIBER, "Анна Соколова", "Хотим до нового года успеть")
    _open_story(page, demo)
    for key, text in (
        ("n", "Казань возим по вторникам. 2,4 м — артикул В-24, цену сверил: 86 400 ₽ без техники."),
        (
            "r",
            "Анна, здравствуйте! «Верба» 2,4 м — 86 400 ₽ без техники. В Казань возим по вторникам, доставка 4 500 ₽.",
        ),
    ):
        page.keyboard.press(key)
        page.fill("#text", text)
        page.keyboard.press("Control+Enter")
        page.locator("#stream", has_text=text[:20]).wait_for()
        page.keyboard.press("Escape")
    page.locator("[data-delivery=sent]").wait_for()
    demo.say(SUBSCRIBER, "Анна Соколова", "Отлично! А рассрочка есть?")
    page.locator("#stream", has_text="рассрочка").wait_for()
    context.close()


def _open_story(page: Page, demo: Demo) -> None:
    row = page.locator("#rows .row", has_text="Анна Соколова")
    for _ in range(60):
        page.goto(f"{demo.url}/w/1/inbox?q=Казань")
        if row.count():
            break
        page.wait_for_timeout(500)
    row.first.click()
    page.locator("#composer").wait_for()


def _take_all(browser: Browser, demo: Demo, theme: str, size: tuple[int, int], suffix: str) -> None:
    context = open_context(browser, size, theme)
    page = context.new_page()
    page.goto(f"{demo.url}/sign-in")
    _take(page, f"sign-in-{suffix}")
    sign_in(page, demo, "owner")
    for name, path in PAGES.items():
        page.goto(f"{demo.url}{path}")
        _take(page, f"{name}-{suffix}")
    _open_story(page, demo)
    _take(page, f"conversation-{suffix}")
    page.goto(f"{demo.url}{page.url.removeprefix(demo.url).split('?')[0]}")
    _take(page, f"conversation-in-inbox-{suffix}")
    page.keyboard.press("Shift+?")
    _take(page, f"keys-{suffix}")
    context.close()


def _take(page: Page, name: str) -> None:
    page.wait_for_timeout(600)
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
