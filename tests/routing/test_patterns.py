"""Words, expressions and languages: pure; and expressions that would hang elsewhere."""

import pytest
from pydantic import ValidationError

from routing.rules.conditions import CONDITIONS
from routing.rules.language import Language, language_of
from routing.rules.patterns import check_expression, has_word, matches_expression


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("цена", "Какая ЦЕНА?", True),
        ("цена", "оценка", False),
        ("цен*", "ценник", True),
        ("цен*", "оценка", False),
        ("ещё", "еще раз", True),
        ("без  процентов", "рассрочка без\nпроцентов!", True),
        ("c++", "пишу на C++", True),
        ("50%", "скидка 50%!", True),
        ("a.c", "abc", False),
    ],
)
def test_words_stand_as_a_whole_in_any_case(word: str, text: str, found: bool) -> None:
    assert has_word([word], text) is found


@pytest.mark.parametrize(
    "pattern", [r"(", r"(?=x)", r"(a)\1", r"\w{1000}", r"(?:(?:.{0,50}){0,50}){0,50}x", "a\x00", r"[а-"]
)
def test_an_expression_that_cannot_be_used_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(ValidationError):
        CONDITIONS.validate_python([{"field": "expression", "pattern": pattern}])
    with pytest.raises(ValueError, match=r"[a-z]"):
        check_expression(pattern)


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(.*a){20}x", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
@pytest.mark.timeout(20)
def test_what_hangs_a_backtracking_engine_is_over_at_once(pattern: str) -> None:
    assert matches_expression(check_expression(pattern), "a" * 4000 + "!") is False


def test_expressions_know_russian_letters() -> None:
    assert matches_expression(r"\bсколько\s+\w+т\b", "А СКОЛЬКО стоит?")
    assert not matches_expression(r"\bцена\b", "оценка")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Сколько стоит?", Language.RUSSIAN),
        ("Скільки коштує?", Language.UKRAINIAN),
        ("Колькі каштуе гэты цуд, і ці ёсць ён?", Language.BELARUSIAN),
        ("Қанша тұрады?", Language.KAZAKH),
        ("How much is it? https://пример.рф", Language.LATIN),
        ("@masha @ivan 100", Language.NONE),
        ("多少钱", Language.OTHER),
        ("iPhone сколько стоит", Language.RUSSIAN),
    ],
)
def test_the_language_as_far_as_letters_tell(text: str, language: Language) -> None:
    assert language_of(text) is language
