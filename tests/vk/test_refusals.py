"""Every code of VK's errors means something to a person, and none is repeated that must not be."""

import pytest

from bots.simulator.vk.refusals import TEXTS
from bots.vk import reasons
from bots.vk.refusals import refusal_of
from bots.vk.wire import Answer
from inbox.channels.adapter import KeyKind
from inbox.core.errors import KeyRefusedError, PermanentRefusalError, TemporaryRefusalError, UnreachableContactError
from tests.vk.schema import error_texts, require_shared

METHODS = ("messages.send", "wall.createComment", "wall.deleteComment", "groups.ban")
REPEATED = {1, 6, 9, 10, 29, 32, 36, 43}


@pytest.mark.parametrize("key", KeyKind)
@pytest.mark.parametrize("method", METHODS)
def test_every_code_has_a_reason_and_only_what_passes_is_repeated(method: str, key: KeyKind) -> None:
    require_shared()
    for code, words in error_texts().items():
        refusal = refusal_of(Answer(code=code, message=words), method, key)
        assert refusal.reason.strip(), code
        assert isinstance(refusal, TemporaryRefusalError) == (code in REPEATED), code
        assert not (isinstance(refusal, KeyRefusedError) and key is KeyKind.USER), code


@pytest.mark.parametrize("code", [900, 901, 902, 950])
def test_who_cannot_be_written_to_is_told_apart(code: int) -> None:
    assert isinstance(refusal_of(Answer(code=code), "messages.send", KeyKind.OWN), UnreachableContactError)


@pytest.mark.parametrize("code", [914, 917, 936, 945, 983, 222, 223])
def test_what_repeating_cannot_help_is_not_repeated(code: int) -> None:
    refusal = refusal_of(Answer(code=code, message="VK's words"), "messages.send", KeyKind.OWN)
    assert type(refusal) is PermanentRefusalError
    assert refusal.reason != "VK's words", "people get our sentence"


def test_a_code_that_nobody_knows_is_said_in_vks_words_or_by_its_number() -> None:
    assert refusal_of(Answer(code=4242, message="Что-то новое"), "messages.send", KeyKind.OWN).reason == "Что-то новое"
    assert refusal_of(Answer(code=4242), "messages.send", KeyKind.OWN).reason == "VK 4242"


def test_an_error_without_a_code_is_no_reason_to_panic() -> None:
    refusal = refusal_of(Answer(code=0), "messages.send", KeyKind.OWN)
    assert type(refusal) is PermanentRefusalError
    assert refusal.reason not in vars(reasons).values()


def test_the_simulator_says_what_vk_says() -> None:
    require_shared()
    known = error_texts()
    wrong = {code: text for code, text in TEXTS.items() if code in known and not text.startswith(known[code])}
    assert wrong == {}
