"""The phone page: what is served, in which language, and that nothing in it runs or comes from elsewhere."""

import re
from importlib.resources import files

import pytest

from bots.simulator.page import language_of
from tests.simulator.conftest import Line


async def test_the_page_is_served_under_a_strict_policy(quiet: Line) -> None:
    page = await quiet.client.get("/")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


async def test_everything_the_page_names_is_here(quiet: Line) -> None:
    static = files("bots.simulator").joinpath("static")
    text = "".join(file.read_text(encoding="utf-8") for file in static.iterdir())
    assert not re.search(r"(?:src|href|url\(|from )\s*=?[\"'(]*https?://", text)
    named = set(re.findall(r"/phone/[\w.]+", text)) | {f"/phone/{name}" for name in re.findall(r'"\./([\w.]+)"', text)}
    assert len(named) == 6
    for path in named:
        answer = await quiet.client.get(path)
        assert answer.status_code == 200, path


def test_the_page_has_no_inline_script_or_style() -> None:
    html = files("bots.simulator").joinpath("static", "phone.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


async def test_what_is_no_file_of_the_page_is_not_served(quiet: Line) -> None:
    for path in ("/phone/phone.html", "/phone/nothing.css", "/phone/..%2fapp.py"):
        assert (await quiet.client.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ru"),
        ("*", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de,en;q=0.5", "en"),
    ],
)
def test_the_page_speaks_the_browsers_language(header: str, language: str) -> None:
    assert language_of(header) == language


async def test_the_page_is_in_the_language_that_was_asked_for(quiet: Line) -> None:
    page = await quiet.client.get("/", headers={"accept-language": "en"})
    assert '<html lang="en">' in page.text


def test_both_languages_have_the_same_words() -> None:
    text = files("bots.simulator").joinpath("static", "words.js").read_text(encoding="utf-8")
    russian, english = text.split("  en: {")
    keys = [re.findall(r"[\s{](\w+): [\"\[]", part) for part in (russian, english)]
    assert len(keys[0]) > 40
    assert keys[0] == keys[1]


async def test_a_phone_sees_its_place(line: Line) -> None:
    await line.sim("post", text="Пост")
    await line.say("мой", "comment")
    await line.say("чужой", "comment", 600_002)
    query = {"platform": "telegram", "author_id": "600001", "kind": "comment"}
    seen = (await line.client.get("/sim/view", params=query)).json()["items"]
    assert [(item["who"], item["text"]) for item in seen] == [("channel", "Пост"), ("me", "мой"), ("other", "чужой")]
    world = (await line.client.get("/sim/world")).json()
    assert [person["id"] for person in world["people"]] == [600_001, 600_002]
    assert world["bots"][0]["posts"][0]["comments"] == 2
