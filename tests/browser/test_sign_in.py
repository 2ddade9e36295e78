"""The way in and out."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.running import Demo, open_context


def test_a_wrong_password_is_said_in_words_and_the_address_stays(browser: Browser, demo: Demo) -> None:
    context = open_context(browser)
    page = context.new_page()
    page.goto(f"{demo.url}/w/1/inbox?view=leads")
    page.fill("[name=email]", "owner@demo.otklik")
    page.fill("[name=password]", "wrong")
    page.click("form button.btn-primary")
    expect(page.get_by_role("alert")).to_have_text("Неверная почта или пароль.")
    expect(page.locator("[name=email]")).to_have_value("owner@demo.otklik")
    page.fill("[name=password]", demo.password)
    page.click("form button.btn-primary")
    page.wait_for_url("**/w/1/inbox?view=leads")
    context.close()


def test_the_language_can_be_chosen_before_signing_in(browser: Browser, demo: Demo) -> None:
    context = open_context(browser)
    page = context.new_page()
    page.goto(f"{demo.url}/sign-in")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("link", name="Русский").click()
    expect(page.get_by_role("heading", name="Войти")).to_be_visible()
    context.close()


def test_signing_out_ends_the_session(page: Page, demo: Demo) -> None:
    page.locator("#me-menu > summary").click()
    page.get_by_role("button", name="Выйти").click()
    page.wait_for_url("**/sign-in")
    page.goto(f"{demo.url}/w/1/inbox")
    expect(page).to_have_url(f"{demo.url}/sign-in?next=%2Fw%2F1%2Finbox")


def test_another_firms_project_is_not_there(page: Page, demo: Demo) -> None:
    answer = page.goto(f"{demo.url}/w/999/inbox")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="Здесь ничего нет")).to_be_visible()
