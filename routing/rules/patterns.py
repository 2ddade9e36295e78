"""Words and regular expressions in texts, in time linear in the text: no pattern of a client's can hang a batch.

The engine is the one that pydantic validates patterns with (Rust's `regex`: automata, no backtracking, Unicode
letters in `\\w` and `\\b`). It refuses look-around and back-references, which need backtracking; what it would unfold
into a large automaton is refused here.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

LONGEST_REPEAT = 100
"""The product of all counted repetitions, `{2,5}`: the automaton grows by so much."""
_COUNTED = re.compile(r"\{(\d*)(?:,(\d*))?\}")
_WILDCARD = "*"


def check_expression(pattern: str) -> str:
    """The pattern itself; ValueError (a sentence) for one that cannot be used."""
    size = 1
    for match in _COUNTED.finditer(pattern):
        size *= max(int(match[2] or 0), int(match[1] or 0), 1)
    if size > LONGEST_REPEAT:
        raise ValueError(f"Repetitions with numbers may multiply to {LONGEST_REPEAT} at most.")
    if "\x00" in pattern:
        raise ValueError("The expression holds a character that cannot be stored.")
    try:
        _compile(pattern)
    except SchemaError as error:
        raise ValueError(f"This regular expression cannot be used: {_reason(error)}") from None
    return pattern


def check_word(word: str) -> str:
    """The word without stray blanks; ValueError when nothing of it is left."""
    cleaned = " ".join(word.split())
    if not cleaned.rstrip(_WILDCARD).strip() or "\x00" in cleaned:
        raise ValueError("A word needs letters.")
    return cleaned


def matches_expression(pattern: str, text: str) -> bool:
    """Whether the expression is found anywhere in the text."""
    return _compile(pattern).isinstance_python(text)


def has_word(words: Sequence[str], text: str) -> bool:
    """Whether one of the words or phrases stands in the text as a whole; ё is е."""
    return _compile(_any_word(tuple(words))).isinstance_python(_plain(text))


@lru_cache(maxsize=512)
def _any_word(words: tuple[str, ...]) -> str:
    return "|".join(_word(_plain(word)) for word in words)


def _word(word: str) -> str:
    stem = word.rstrip(_WILDCARD).strip()
    inside = r"\s+".join(re.escape(part) for part in stem.split())
    before = r"\b" if re.match(r"\w", stem) else ""
    ending = r"\w*" if word.endswith(_WILDCARD) else ""
    after = r"\b" if re.search(r"\w$", stem) else ""
    return f"{before}{inside}{ending}{after}"


def _plain(text: str) -> str:
    return text.casefold().replace("ё", "е")


@lru_cache(maxsize=512)
def _compile(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=f"(?i){pattern}", strict=True))


def _reason(error: SchemaError) -> str:
    """The last line of the engine's words: what is wrong, without the drawing."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return told[-1] if told else lines[-1].removeprefix("SchemaError: ")
