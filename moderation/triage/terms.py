"""A folded text's terms: words, pairs of words, and pieces of words, each with the word it came from."""

import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST_WORD = 40
MOST_WORDS = 400
PIECES = (3, 4, 5)
NUMBER = "<num>"

TOKEN = re.compile(r"<[a-z]+>|[^\W_]+(?:[*'’][^\W_*]*)*|[?!]+|[)(]{2,}|\+|\.{2,}|…|[^\w\s.,:;\"«»()\[\]\-–—/'’*<>|=_]")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Terms:
    """`words` in order; `keys[i]` is a term and `owners[i]` the place in `words` that it belongs to."""

    words: list[str]
    keys: list[str]
    owners: list[int]


def split(folded: str) -> list[str]:
    """Words, markers, emoji and telling punctuation, in order."""
    return TOKEN.findall(folded)[:MOST_WORDS]


def find_terms(folded: str) -> Terms:
    """All terms of a folded text, repeated ones once for each place."""
    words = split(folded)
    keys: list[str] = []
    owners: list[int] = []
    before = "^"
    for place, word in enumerate(words):
        shape, pieces = _pieces(word)
        keys += (shape, f"{before} {shape}", *pieces)
        owners += [place] * (2 + len(pieces))
        before = shape
    if words:
        keys.append(f"{before} $")
        owners.append(len(words) - 1)
    return Terms(words, keys, owners)


@lru_cache(maxsize=8192)
def _pieces(word: str) -> tuple[str, tuple[str, ...]]:
    """A word's shape (numbers as one marker) and its pieces, marked by a leading tilde."""
    if word[0] == "<":
        return word, ()
    shape = NUMBER if word.isdigit() else _DIGITS.sub("0", word[:LONGEST_WORD])
    if shape is NUMBER or not shape[0].isalnum():
        return shape[:4], ()
    padded = f"_{shape}_"
    return shape, tuple(
        f"~{padded[start : start + size]}" for size in PIECES for start in range(len(padded) - size + 1)
    )
