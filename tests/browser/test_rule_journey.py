"""The owner sets hours, tries a rule on what was said, saves it, and the next message goes its way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import client_of
from tests.browser.running import Demo, note_troubles

WEEKDAYS = ("Понедельник", "Вторник", "Среда", "Четверг", "Пятница", "Суббота", "Воскресенье")
HOURS = (("10:00", "14:00"), ("15:00", "19:30"))
HOLIDAY = "2030-05-09"
PROMISE = "Оптовикам за 5 минут"
RULE = "Опт → Продажи за 5 минут"
WORD = "гарнитурами"


@pytest.fixture
def owner(demo: Demo) -> Iterator[httpx.Client]:
    """The owner elsewhere, who made a second promise; afterwards hours and rules are as they were."""
    with client_of(demo, "owner") as client:
        (calendar,) = client.get("/calendars", params={"workspace_id": 1}).json()["items"]
        promise = {"workspace_id": 1, "name": PROMISE, "first_response_minutes": 5, "next_response_minutes": 10}
        made = client.post("/sla-policies", json=promise)
        made.raise_for_status()
        yield client
        for rule in client.get("/rules", params={"workspace_id": 1}).json()["items"]:
            if rule["name"] == RULE:
                client.delete(f"/rules/{rule['id']}").raise_for_status()
        before = {name: calendar[name] for name in ("intervals", "days")}
        client.patch(f"/calendars/{calendar['id']}", json=before).raise_for_status()
        for talk in found(client):
            client.patch(f"/conversations/{talk['id']}", json={"status": "closed"}).raise_for_status()
        client.delete(f"/sla-policies/{made.json()['id']}").raise_for_status()


def found(owner: httpx.Client) -> list[dict[str, object]]:
    """The conversations of the test's subscribers."""
    items: list[dict[str, object]] = owner.get("/conversations", params={"q": WORD}).json()["items"]
    return items


def wait_for(owner: httpx.Client, page: Page, count: int) -> list[dict[str, object]]:
    """The same, when as many have come."""
    for _ in range(60):
        if len(talks := found(owner)) >= count:
            return talks
        page.wait_for_timeout(250)
    raise AssertionError("what was said did not come in")


def a_day_off_today() -> int:
    """A weekday that is neither today nor next to it, whatever the zone: what is set there closes nobody's day."""
    return (datetime.now(UTC) + timedelta(days=3)).weekday()


def add(page: Page, section: int, title: str) -> None:
    """One more condition (0) or action (1)."""
    menu = page.locator("#editor section details").nth(section)
    menu.locator("summary").click()
    menu.get_by_role("button", name=title, exact=True).click()


def test_the_owner_sets_hours_with_a_break_and_a_holiday(page: Page, demo: Demo, owner: httpx.Client) -> None:
    troubles = note_troubles(page)
    day = a_day_off_today()
    page.goto(f"{demo.url}/w/1/settings/hours")
    row = page.locator("#hours-form fieldset > div", has_text=WEEKDAYS[day])
    spans = row.locator("input[type=time]")
    expect(spans).to_have_count(2)
    row.get_by_role("button", name="Добавить часы").click()
    expect(spans).to_have_count(4)
    for place, value in enumerate(at for span in HOURS for at in span):
        with page.expect_response("**/settings/hours/draft"):
            spans.nth(place).fill(value)
            spans.nth(place).blur()
        expect(spans.nth(place)).to_have_value(value)
    page.locator("button[value=day]").click()
    page.locator("[name=day_first]").fill(HOLIDAY)
    page.locator("[name=day_name]").fill("День Победы")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("status").filter(has_text="Сохранено")).to_be_visible()
    page.reload()
    assert [spans.nth(place).input_value() for place in range(4)] == [at for span in HOURS for at in span]
    expect(page.locator("[name=day_first]")).to_have_value(HOLIDAY)
    (calendar,) = owner.get("/calendars", params={"workspace_id": 1}).json()["items"]
    assert [one["first_on"] for one in calendar["days"]] == [HOLIDAY]
    assert not troubles


def test_a_rule_is_tried_saved_and_routes_the_next_message(page: Page, demo: Demo, owner: httpx.Client) -> None:
    troubles = note_troubles(page)
    demo.say(980_001, "Олег Оптов", f"Здравствуйте, торгуем {WORD}, работаете с опт. складами?")
    wait_for(owner, page, 1)
    page.goto(f"{demo.url}/w/1/settings/rules")
    page.get_by_role("link", name="Добавить правило").click()
    page.fill("[name=name]", RULE)
    add(page, 0, "Слова в тексте")
    page.locator("#parts-c textarea").fill(WORD)
    add(page, 1, "Задать обещание")
    promise = page.locator("#parts-a").get_by_label("Обещание")
    promise.select_option(label=PROMISE)
    page.locator("#parts-a").get_by_label("Команда").select_option(label="Продажи")
    page.get_by_role("button", name="Проверить на последних 30 днях").click()
    tried = page.locator("#dry-run")
    expect(tried).to_contain_text("Олег Оптов")
    expect(tried).to_contain_text(f"«{PROMISE}»")
    expect(tried).to_contain_text("«Продажи»")
    page.get_by_role("button", name="Сохранить").click()
    rule = page.locator("li.card2", has_text=RULE)
    expect(rule.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    expect(rule).to_contain_text("за 30 дней: 0 сообщений")
    demo.say(980_002, "Вера Оптова", f"А нам нужны кухни с {WORD}, какие условия?")
    talks = wait_for(owner, page, 2)
    (talk,) = (one for one in talks if dict(one["contact"])["name"] == "Вера Оптова")  # type: ignore[call-overload]
    sales = {one["id"]: one["name"] for one in owner.get("/teams", params={"workspace_id": 1}).json()["items"]}
    assert sales[talk["team_id"]] == "Продажи"
    page.goto(f"{demo.url}/w/1/inbox/{talk['id']}")
    expect(page.locator("#stream")).to_contain_text(RULE)
    expect(page.locator("#head .clock")).to_contain_text("5 мин")
    page.goto(f"{demo.url}/w/1/settings/rules")
    expect(rule).to_contain_text("за 30 дней: 1 сообщение")
    assert not troubles


def test_a_day_asked_for_while_hours_are_on_their_way_is_added(page: Page, demo: Demo) -> None:
    """Each change of the form asks the server for it anew; who is quicker than that loses nothing."""
    troubles = note_troubles(page)
    page.goto(f"{demo.url}/w/1/settings/hours")
    slow = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    days = page.locator("[name=day_first]")
    before = days.count()
    opens = page.locator("#hours-form input[type=time]").first
    opens.fill("08:15")
    opens.blur()
    page.locator("button[value=day]").click()
    expect(days).to_have_count(before + 1)
    expect(opens).to_have_value("08:15")
    closes = page.locator("#hours-form input[type=time]").nth(1)
    closes.fill("02:00")
    closes.blur()
    expect(closes.locator("xpath=following-sibling::span")).to_have_text("след. день")
    expect(closes).to_have_value("02:00")
    assert troubles == []
