"""README's way to a VK community, walked in the panel as it is written, in both languages: one key, then both."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.running import ROOT, Demo, open_context, sign_in


@dataclass(frozen=True, slots=True)
class Words:
    """What README and the panel say in one language; `of_both` are README's rows that want the second key."""

    locale: str
    group: int
    readme: str
    way: str
    own: str
    second: str
    api: str
    connect: str
    add: str
    save: str
    refused: str
    refused_files: str
    delete: str
    do_it: str
    of_both: tuple[str, ...]


RU = Words(
    "ru", 65, "README.ru.md", r"«(Каналы → Подключить канал → [^»]+)»", "Ключ сообщества", "Ключ администратора",
    "Адрес API", "Подключить", "Добавить ключ администратора", "Проверить и сохранить",
    "Ключ сообщества этого не может: добавьте ключ администратора или откройте в ВК.",
    "Для файлов в комментарии нужен ключ администратора.", "Удалить сообщение", "Выполнить",
    ("Удалять сообщения", "Восстановление комментариев", "Изменение своих комментариев", "Блокировать",
     "Запрещать писать", "Чтение пропущенных комментариев"),
)  # fmt: skip
EN = Words(
    "en", 66, "README.md", r"\*(Channels → Connect a channel → [^*]+)\*", "Community key", "Administrator's key",
    "Address of the API", "Connect", "Add an administrator's key", "Check and save",
    "A community key cannot do this: add an administrator's key, or open it in VK.",
    "Files in a comment need an administrator's key.", "Delete the message", "Do it",
    ("Deleting messages", "Restoring comments", "Editing our own comments", "Banning", "Muting",
     "Reading comments that were missed"),
)  # fmt: skip
SPAMMER, NAME = 926_001, "Спам Спамов"
NO_COMMENT = "2147483647"


@pytest.fixture(params=[RU, EN], ids=["ru", "en"])
def words(request: pytest.FixtureRequest) -> Words:
    """Of one language."""
    chosen: Words = request.param
    return chosen


@pytest.fixture
def walker(browser: Browser, demo: Demo, words: Words) -> Iterator[Page]:
    """The owner, in that language; in Russian again afterwards."""
    context = open_context(browser)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, demo, "owner")
    speak(demo, words.locale)
    yield page
    context.close()
    speak(demo, "ru")


def speak(demo: Demo, locale: str) -> None:
    """The owner's language."""
    with httpx.Client(base_url=f"{demo.url}/api/v1", timeout=20) as client:
        body = {"email": demo.email("owner"), "password": demo.password}
        token = client.post("/auth/token", json=body).raise_for_status().json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        client.patch("/me", json={"locale": locale}, headers=headers).raise_for_status()


def connect(page: Page, demo: Demo, words: Words) -> Locator:
    """The link names that README gives, then the form with the community's key alone; the channel's card."""
    found = re.search(words.way, " ".join((ROOT / words.readme).read_text(encoding="utf-8").split()))
    assert found is not None
    page.goto(f"{demo.url}/w/1/inbox")
    for name in found[1].split(" → "):
        page.get_by_role("link", name=re.compile(rf"(^|\s){re.escape(name)}$")).first.click()
    page.wait_for_url("**platform=vk*")
    page.get_by_label(words.own).fill(f"vk1.a.club{words.group}.test")
    page.locator("form summary").click()
    page.get_by_label(words.api).fill(demo.sim_url)
    page.get_by_role("button", name=words.connect, exact=True).click()
    card = page.locator("section.card2", has_text=f"@club{words.group}")
    expect(card).to_be_visible()
    return card


def open_comment(page: Page, demo: Demo, words: Words) -> None:
    """Somebody writes under a post of that community, and their comment is opened."""
    text = f"Заработок без вложений {words.group}"
    at = {"platform": "vk", "bot": words.group}
    httpx.post(f"{demo.sim_url}/sim/post", json={**at, "text": "Новая коллекция"}, timeout=20).raise_for_status()
    demo.say(SPAMMER + words.group, f"{NAME} {words.group}", text, kind="comment", **at)
    row = page.locator("#rows .row", has_text=text)
    for _ in range(60):
        page.goto(f"{demo.url}/w/1/inbox?view=open&q={words.group}")
        if row.count():
            break
        page.wait_for_timeout(500)
    row.first.click()
    expect(page.locator("#head")).to_contain_text(f"{NAME} {words.group}")


def test_the_way_of_the_readme_leads_to_a_community_with_one_key_and_then_with_both(
    walker: Page, demo: Demo, words: Words
) -> None:
    page = walker
    card = connect(page, demo, words)
    for name in words.of_both:
        expect(card.locator("li", has_text=name)).to_contain_text(words.refused)
    expect(card.locator("li", has_text=words.refused_files)).to_have_count(1)
    expect(card.locator("li")).to_have_count(2 * len(words.of_both) + 2)
    expect(card.locator("li", has_text=words.refused)).to_have_count(len(words.of_both))

    for _ in range(60):  # VK tells what happens from the first call on
        if card.locator(".dot-active").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    open_comment(page, demo, words)
    at = page.url
    page.keyboard.press("m")
    deletion = page.locator("dialog[open] label", has_text=words.delete)
    expect(deletion).to_contain_text(words.refused)
    expect(deletion.locator("input")).to_be_disabled()

    page.goto(f"{demo.url}/w/1/channels")
    card.get_by_role("link", name=words.add).click()
    page.get_by_label(words.second).fill(f"vk1.a.user1.club{words.group}.test")
    page.get_by_role("button", name=words.save).click()
    expect(card.locator("li")).to_have_count(2 * len(words.of_both) + 2)
    expect(card.locator("li .text-xs.leading-snug")).to_have_count(0)
    expect(card.get_by_role("link", name=words.add)).to_have_count(0)

    page.goto(at)
    page.keyboard.press("m")
    deletion.locator("input").check()
    page.get_by_role("button", name=words.do_it).click()
    expect(page.locator("#stream .bubble.deleted")).to_be_visible()
    for _ in range(60):
        if deletions(demo, words.group):
            break
        page.wait_for_timeout(500)
    assert deletions(demo, words.group) == 1


def deletions(demo: Demo, group: int) -> int:
    """Comments of the community that VK was asked to delete, the question of a check not counted."""
    calls = httpx.get(f"{demo.sim_url}/sim/calls", timeout=20).json()["items"]
    asked = [one["params"] for one in calls if one["method"] == "wall.deleteComment"]
    return sum(one["owner_id"] == f"-{group}" and one["comment_id"] != NO_COMMENT for one in asked)
