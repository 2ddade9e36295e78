"""Normalising: markers, folding, and any string at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.triage.normalise import HEAD, TAIL, fold, normalise
from moderation.triage.terms import MOST_WORDS, find_terms

ANY_TEXT = st.text(st.characters(), max_size=400)
"""Every code point, lone surrogates and NUL among them."""


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("д у р а", "дура"),
        ("С.У.К.А", "сука"),
        ("mудaки", "мудаки"),
        ("уp0ды", "уроды"),
        ("нoв0сти без цeнзуры", "новости без цензуры"),
        ("0тзывы", "отзывы"),
        ("кр1пта", "крипта"),
        ("З@работок", "заработок"),
        ("Привееееет", "привет"),
        ("Ёлка", "елка"),
        ("НЕ\u200bВИДИМО", "невидимо"),
        ("ⓗello", "hello"),
    ],
)
def test_disguises_are_undone(text: str, folded: str) -> None:
    assert normalise(text).folded == folded


@pytest.mark.parametrize(
    "text", ["usb-кабель type-c 4х", "wi-fi", "и я в тц", "iphone 15", "3xl", "длинная аллея", "hello world"]
)
def test_plain_words_stay(text: str) -> None:
    assert normalise(text).folded == text


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("пишите a.b@mail.ru", "пишите <mail>"),
        ("жми https://x.y/z?q=1 сейчас", "жми <link> сейчас"),
        ("t.me/abc", "<link>"),
        ("win777.top", "<link>"),
        ("+7 912 345-67-89", "<phone>"),
        ("8(912)3456789", "<phone>"),
        ("[id1|Маша] смотри", "<mention> смотри"),
        ("@masha_k Смотри", "<mention> Смотри"),
        ("от 3 500 рублей", "от <price>"),
        ("$400 и 15 т.р.", "<price> и <price>"),
        ("990₽", "<price>"),
        ("в 10 утра, 5 штук", "в 10 утра, 5 штук"),
        ("ура 🔥❤️", "ура 🔥❤️"),
    ],
)
def test_links_people_and_prices_become_markers(text: str, raw: str) -> None:
    assert normalise(text).raw == raw


@pytest.mark.parametrize(
    ("text", "disguised"),
    [("дeбилы", True), ("д у р а", True), ("пл0хая", True), ("обычный текст", False), ("iphone 15 есть?", False)],
)
def test_disguise_is_noticed(text: str, disguised: bool) -> None:
    assert normalise(text).disguised is disguised


@given(ANY_TEXT)
def test_any_string_normalises_and_folding_is_idempotent(text: str) -> None:
    normalised = normalise(text)
    assert fold(normalised.folded) == normalised.folded
    normalised.raw.encode()
    normalised.folded.encode()


@given(st.text(st.sampled_from("аaоo0eе.*- @$3дДйЙ\u0306"), max_size=60))
def test_folding_disguises_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
def test_every_term_belongs_to_a_word(text: str) -> None:
    terms = find_terms(normalise(text).folded)
    assert len(terms.keys) == len(terms.owners)
    assert all(0 <= owner < len(terms.words) for owner in terms.owners)


def test_long_texts_are_cut_to_beginning_and_end() -> None:
    raw = normalise("начало " + "слово " * 50_000 + "конец").raw
    assert raw.startswith("начало")
    assert raw.endswith("конец")
    assert len(raw) <= HEAD + TAIL + 1
    assert len(find_terms(raw).words) <= MOST_WORDS
