"""A captcha asked of VK's administrator, as people meet it: what waits is shown, taken back, or done once."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Demo

CAPTCHA = 14


def ban(page: Page, demo: Demo, author: int, name: str) -> None:
    """The moderator's deed, which meets a captcha."""
    demo.say(author, name, f"Ваш директор грубиян, {author}", kind="comment", platform="vk")
    row = page.locator("#rows .row", has_text=name)
    for _ in range(60):
        page.goto(f"{demo.url}/w/1/inbox?q={author}")
        if row.count():
            break
        page.wait_for_timeout(500)
    row.first.click()
    expect(page.locator("#head")).to_contain_text(name)
    fault = {"platform": "vk", "method": "groups.ban", "error": CAPTCHA, "times": 1}
    httpx.post(f"{demo.sim_url}/sim/fault", json=fault, timeout=20).raise_for_status()
    page.keyboard.press("m")
    page.locator("dialog[open] label", has_text="Заблокировать").locator("input").check()
    page.get_by_role("button", name="Выполнить").click()
    expect(page.locator("#notice")).to_contain_text("Бан ждёт.")
    expect(page.locator("#notice")).to_contain_text("ввести капчу")


def bans(demo: Demo, author: int) -> int:
    """How often VK was asked to ban them."""
    calls = httpx.get(f"{demo.sim_url}/sim/calls", timeout=20).json()["items"]
    return sum(one["method"] == "groups.ban" and one["params"]["owner_id"] == str(author) for one in calls)


def check_channel(page: Page, demo: Demo) -> None:
    """As the banner says, after the captcha was solved in VK."""
    page.goto(f"{demo.url}/w/1/channels")
    card = page.locator("section.card2", has_text="ввести капчу")
    expect(card.get_by_role("alert")).to_be_visible()
    card.get_by_role("button", name="Проверить").click()
    expect(card).to_have_count(0)


@pytest.mark.parametrize(
    ("author", "name", "taken_back"), [(928_001, "Рем Грубов", True), (928_002, "Ян Грубов", False)]
)
def test_a_ban_that_met_a_captcha_waits_for_a_person(
    page: Page, demo: Demo, author: int, name: str, taken_back: bool
) -> None:
    ban(page, demo, author, name)
    at = page.url
    if taken_back:
        page.locator("#notice").get_by_role("button", name="Отменить").click()
        expect(page.locator("#notice")).not_to_contain_text("Бан ждёт.")
        expect(page.locator("#stream")).to_contain_text("отменено, пока ждало ключа")
    check_channel(page, demo)
    wanted = 1 if taken_back else 2
    for _ in range(40):
        if not taken_back and bans(demo, author) == wanted:
            break
        page.wait_for_timeout(100)
    assert bans(demo, author) == wanted, "the refused call, and once more only if nobody took it back"
    page.goto(at)
    expect(page.locator("#notice")).not_to_contain_text("Бан ждёт.")
