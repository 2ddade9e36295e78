"""Everything that the interface says goes through gettext, and each language says all of it."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tests.i18n.catalog import LOCALES, Said, collect, load, template_paths

EXPRESSIONS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
TAGS = re.compile(r"<!?/?[a-z][^>]*>", re.IGNORECASE | re.DOTALL)
SPOKEN = re.compile(r"\b(?:title|placeholder|aria-label|alt)=\"([^\"{]*[A-Za-zА-Яа-яЁё]{2,}[^\"]*)\"")
WORD = re.compile(r"[A-Za-zА-Яа-яЁё]{2,}")
CYRILLIC = re.compile(r"[А-Яа-яЁё]")
NAMES = {"Esc", "Enter", "Ctrl", "VK", "AA", "CSV", "XLSX"}
"""Keys and marks that are the same in every language."""
OWN_NAMES = {"Русский", "О"}
"""A language's own name, and the sign of the product."""


@pytest.fixture(scope="module")
def said() -> list[Said]:
    """What code and templates mark."""
    return collect()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_is_translated(locale: str, said: list[Said]) -> None:
    catalog = load(locale)
    missing = [one.text for one in said if not _is_translated(catalog, one)]
    assert not missing, f"run `python -m tests.i18n.catalog`, then translate: {missing}"


@pytest.mark.parametrize("locale", LOCALES)
def test_translations_keep_the_placeholders(locale: str) -> None:
    wrong = []
    for message in load(locale):
        if not message.id:
            continue
        source = message.id[0] if isinstance(message.id, tuple | list) else message.id
        texts = message.string if isinstance(message.string, tuple | list) else [message.string]
        wrong += [source for text in texts if _places(str(text)) != _places(source)]
    assert not wrong


def test_no_translation_is_left_over(said: list[Said]) -> None:
    known = {one.text for one in said}
    ids = [message.id[0] if isinstance(message.id, tuple | list) else message.id for message in load("ru")]
    assert not [text for text in ids if text and text not in known]


@pytest.mark.parametrize("path", template_paths(), ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_a_template_says_nothing_outside_gettext(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    plain = EXPRESSIONS.sub(" ", source)
    words = set(WORD.findall(TAGS.sub(" ", plain))) - NAMES - OWN_NAMES
    assert not words, f"outside gettext: {words}"
    assert not [text for text in SPOKEN.findall(plain) if "://" not in text and not text.startswith("123456789")]
    assert not set(re.findall(r"[А-Яа-яЁё]+", source)) - OWN_NAMES


@pytest.mark.parametrize("path", template_paths(), ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_a_template_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


def _is_translated(catalog: Catalog, said: Said) -> bool:
    message = catalog.get(said.text)
    if message is None or not message.string:
        return False
    return all(message.string) if isinstance(message.string, tuple | list) else True


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))
