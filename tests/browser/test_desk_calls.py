"""The desk of a moderator: the lead beside a conversation, the count in the title, notifications, calls in notes."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from playwright.sync_api import Browser, Page, expect

from tests.browser.api import client_of
from tests.browser.running import PHONE, WIDE, Demo, note_troubles, open_context, open_found, sign_in

STAND_IN = """
window.news = []
let isAway = false
window.look = (is) => { isAway = !is; document.dispatchEvent(new Event('visibilitychange')) }
Object.defineProperty(Document.prototype, 'hidden', { get: () => isAway })
window.Notification = class {
  static permission = sessionStorage.answer ?? 'default'
  static async requestPermission() {
    window.asked = (window.asked ?? 0) + 1
    return window.Notification.permission = sessionStorage.answer = window.name === 'no' ? 'denied' : 'granted'
  }
  constructor(title, options) { Object.assign(this, options, { title }); window.news.push(this) }
  close() { this.isClosed = true }
}
"""
"""Stands where the operating system would show notifications; `look(false)`: another tab is in front."""


@contextmanager
def desk_of(browser: Browser, demo: Demo, who: str, size: tuple[int, int] = WIDE) -> Iterator[Page]:
    """A colleague's page, with somebody to show notifications."""
    context = open_context(browser, size)
    context.set_default_timeout(20_000)
    context.add_init_script(STAND_IN)
    page = context.new_page()
    sign_in(page, demo, who)
    yield page
    context.close()


def ask(demo: Demo, person: int, name: str, who: str) -> int:
    """A subscriber's question, which is this colleague's by the end; returns the conversation's id."""
    demo.say(person, name, "Подскажите, когда привезёте заказ?")
    with client_of(demo, "owner") as owner:
        while not (found := owner.get("/conversations", params={"q": name}).json()["items"]):
            time.sleep(0.25)
        with client_of(demo, who) as colleague:
            me = colleague.get("/me").json()["id"]
        talk_id: int = found[0]["id"]
        owner.patch(f"/conversations/{talk_id}", json={"assignee_id": me}).raise_for_status()
    return talk_id


def test_the_lead_beside_a_conversation_is_made_changed_and_follows_what_others_do(
    browser: Browser, demo: Demo
) -> None:
    ask(demo, 996_001, "Лидия Карточкина", "support")
    with desk_of(browser, demo, "owner") as page, client_of(demo, "owner") as elsewhere:
        troubles = note_troubles(page)
        open_found(page, demo, "Карточкина")
        card = page.locator("[id^=lead-of-]")
        card.get_by_role("button", name="Сделать лидом").click()
        stage, amount, reason = card.get_by_label("Этап"), card.get_by_label("Сумма"), card.get_by_label("Причина")
        expect(stage).to_have_value("new")
        with page.expect_response(lambda one: one.request.method == "POST" and "/leads/" in one.url):
            amount.fill("12 500")
            amount.press("Enter")
        expect(amount).to_have_value("12500")
        leads = elsewhere.get("/leads").json()["items"]
        (lead,) = (one for one in leads if one["contact"]["name"] == "Лидия Карточкина")
        assert lead["amount"] == "12500.00"
        expect(reason).to_be_hidden()
        stage.select_option("not_a_lead")
        expect(reason).to_be_focused()
        assert elsewhere.get(f"/leads/{lead['id']}").json()["stage"] == "new", "why it is none is asked for first"
        reason.fill("Ищет работу")
        reason.press("Enter")
        expect(card.get_by_role("button", name="Завести ещё один лид")).to_be_visible()
        assert elsewhere.get(f"/leads/{lead['id']}").json()["reason"] == "Ищет работу"
        elsewhere.patch(f"/leads/{lead['id']}", json={"stage": "won", "amount": "900"}).raise_for_status()
        expect(stage).to_have_value("won")
        expect(amount).to_have_value("900")
        with page.expect_response(lambda one: f"reason={quote('Дорого')}" in (one.request.post_data or "")):
            stage.select_option("lost")
            reason.fill("Дорого")  # also while the stage is on its way
            reason.press("Enter")
        now = elsewhere.get(f"/leads/{lead['id']}").json()
        assert (now["stage"], now["reason"]) == ("lost", "Дорого")
        card.get_by_role("link", name="Все лиды").click()
        expect(page.locator(f"#lead-{lead['id']}")).to_be_visible()
        assert not troubles


def test_the_title_counts_what_waits_for_the_reader_and_follows(browser: Browser, demo: Demo) -> None:
    with desk_of(browser, demo, "support2") as page, client_of(demo, "support2") as me:
        page.goto(f"{demo.url}/w/1/inbox")
        expect(page.locator("#views [data-view=mine] .n")).to_be_visible()
        before = int(page.locator("#views [data-view=mine] .n").inner_text())
        first = ask(demo, 996_011, "Тит Счётов", "support2")
        expect(page).to_have_title(f"({before + 1}) Все открытые · Отклик")
        open_found(page, demo, "Счётов")
        expect(page).to_have_title(f"({before + 1}) Тит Счётов · Отклик")
        me.patch(f"/conversations/{first}", json={"status": "closed"}).raise_for_status()
        expect(page).to_have_title(f"({before}) Тит Счётов · Отклик" if before else "Тит Счётов · Отклик")
        page.goto(f"{demo.url}/w/1/leads")
        expect(page).to_have_title("Лиды · Отклик")


def test_a_hidden_tab_notifies_of_what_is_ones_own_and_a_click_opens_it(browser: Browser, demo: Demo) -> None:
    talk_id = ask(demo, 996_021, "Нина Вестева", "support")
    ask(demo, 996_022, "Чужак Вестев", "support2")
    with desk_of(browser, demo, "support") as page:
        page.goto(f"{demo.url}/w/1/me/notifications")
        switch, state = page.locator("[data-news-switch]"), page.locator("[data-news-state=on]")
        expect(switch).not_to_be_checked()
        assert page.evaluate("window.asked") is None, "nobody is asked before they want it"
        switch.check()
        expect(state).to_be_visible()
        page.goto(f"{demo.url}/w/1/inbox?view=mine")
        demo.say(996_021, "Нина Вестева", "Ау, вы тут?")
        expect(page.locator(f"#row-{talk_id}")).to_contain_text("Ау, вы тут?")
        page.evaluate("look(false)")
        demo.say(996_022, "Чужак Вестев", "Мне никто не ответит?")
        demo.say(996_021, "Нина Вестева", "Когда <привезёте>?")
        for _ in range(80):
            if page.evaluate("news.length"):
                break
            page.wait_for_timeout(250)
        page.wait_for_timeout(1500)
        told = page.evaluate("news.map((one) => [one.title.split(' · ')[0], one.body, one.tag])")
        assert told == [["Нина Вестева", "Когда <привезёте>?", f"otklik-{talk_id}"]]
        page.evaluate("news[0].onclick()")
        expect(page.locator("#head")).to_contain_text("Нина Вестева")
        page.goto(f"{demo.url}/w/1/me/notifications")
        switch.uncheck()
        page.reload()
        expect(switch).not_to_be_checked()


def test_a_refusal_of_the_browser_says_what_to_do(browser: Browser, demo: Demo) -> None:
    with desk_of(browser, demo, "support", PHONE) as page:
        page.goto(f"{demo.url}/w/1/more")
        page.get_by_role("link", name="Уведомления").click()
        page.evaluate("window.name = 'no'")
        page.locator("[data-news-switch]").click()
        expect(page.locator("[data-news-state=refused]")).to_be_visible()
        expect(page.locator("[data-news-switch]")).to_be_disabled()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_an_at_in_a_note_offers_colleagues_and_the_called_one_is_told(browser: Browser, demo: Demo) -> None:
    talk_id = ask(demo, 996_031, "Зоя Заметкина", "support")
    with desk_of(browser, demo, "owner") as page, desk_of(browser, demo, "support") as called:
        called.goto(f"{demo.url}/w/1/leads")
        open_found(page, demo, "Заметкина")
        field, menu = page.locator("#text"), page.locator("#mentions")
        field.press_sequentially("@И")
        expect(menu).to_be_hidden()
        field.fill("")
        page.locator("[data-mode-button=note]").click()
        field.press_sequentially("почта a@b, @")
        expect(menu.locator("[data-mention]:visible")).not_to_have_count(0)
        expect(menu.locator("[data-mention='Света Дорохова']")).to_have_count(1)
        field.press("Escape")
        expect(menu).to_be_hidden()
        expect(field).to_be_focused()
        field.press_sequentially("влас")
        expect(menu.locator("[data-mention]:visible")).to_have_text([re.compile("Игорь Власов")])
        field.press("Enter")
        expect(field).to_have_value("почта a@b, @Игорь Власов ")
        expect(menu).to_be_hidden()
        field.press_sequentially("и @")
        expect(menu).to_be_visible()
        field.press("ArrowDown")
        chosen = menu.locator("[data-mention].on").get_attribute("data-mention")
        field.press("ArrowUp")
        expect(menu.locator("[data-mention].on")).not_to_have_attribute("data-mention", chosen or "")
        menu.locator("[data-mention='Света Дорохова']").click()
        expect(field).to_have_value("почта a@b, @Игорь Власов и @Света Дорохова ")
        expect(field).to_be_focused()
        field.press_sequentially("гляньте")
        page.locator("[data-send]").click()
        expect(page.locator("#stream")).to_contain_text("@Игорь Власов и @Света Дорохова гляньте")
        toast = called.locator("[data-toast=news]")
        expect(toast).to_contain_text("Ольга Демидова зовёт вас в заметке")
        toast.get_by_role("button", name="Открыть").click()
        called.wait_for_url(f"**/w/1/inbox/{talk_id}")
        expect(called.locator("#stream")).to_contain_text("гляньте")


def test_calls_stand_in_a_view_that_counts_what_was_not_looked_at(browser: Browser, demo: Demo) -> None:
    talk_id = ask(demo, 996_041, "Клара Звонкова", "support")
    with desk_of(browser, demo, "support") as page, client_of(demo, "owner") as owner, client_of(demo, "support") as me:
        name = me.get("/me").json()["name"]

        def call(words: str) -> None:
            note = {"text": f"@{name} {words}", "note": True}
            owner.post(f"/conversations/{talk_id}/messages", json=note).raise_for_status()

        page.goto(f"{demo.url}/w/1/inbox?view=mentioned")
        count, row = page.locator("#views [data-view=mentioned] .n"), page.locator(f"#row-{talk_id}")
        expect(count).to_be_visible()
        before = int(count.inner_text())
        call("глянь <b>сюда</b>")
        page.get_by_role("button", name="Новых: 1").click()
        expect(row).to_contain_text(f"@{name} глянь <b>сюда</b>")
        expect(count).to_have_text(str(before + 1))
        unseen = row.locator("[title='Эту заметку вы ещё не видели']")
        expect(unseen).to_be_visible()
        row.click()
        expect(page.locator("#stream .found")).to_contain_text("глянь <b>сюда</b>")
        expect(count).to_have_text(str(before))
        expect(unseen).to_have_count(0)  # though the row has the focus
        page.evaluate("look(false)")
        call("и ещё раз")
        expect(page.locator("#stream")).to_contain_text("и ещё раз")
        expect(count).to_have_text(str(before + 1))
        page.evaluate("look(true)")
        expect(count).to_have_text(str(before))
        page.reload()
        expect(row).to_contain_text("и ещё раз")
        expect(unseen).to_have_count(0)
