"""Texts to the second encoder's tokens, as its engine cuts them: SentencePiece's unigram model."""

import re
from collections.abc import Sequence

from moderation.triage.encoder import Vocabulary

PREFIX = "query: "
MARK = "\u2581"
"""What stands for a space."""
UNKNOWN_COSTS = 10.0
"""How much less likely than the rarest piece an unknown character is."""


class Cutter:
    """Cuts texts into the likeliest pieces."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._known = {
            piece: (place, score)
            for place, (piece, score) in enumerate(zip(vocabulary.pieces, vocabulary.scores, strict=True))
            if piece and place != vocabulary.unknown
        }
        self._longest = max(map(len, self._known))
        self._unknown = min(vocabulary.scores) - UNKNOWN_COSTS

    def cut(self, text: str, most: int) -> list[int]:
        """Numbers of the pieces with the marks of beginning and end, at most so many."""
        plain = re.sub(" {2,}", " ", (PREFIX + text).translate(self._vocabulary.replaced))
        pieces = self._likeliest((" " + plain.removeprefix(" ")).replace(" ", MARK))
        return [self._vocabulary.first, *pieces[: most - 2], self._vocabulary.last]

    def _likeliest(self, text: str) -> Sequence[int]:
        best: list[tuple[float, int, int]] = [(0.0, -1, -1), *((-1e30, -1, -1) for _ in text)]
        for start in range(len(text)):
            so_far = best[start][0]
            for end in range(start + 1, min(len(text), start + self._longest) + 1):
                found = self._known.get(text[start:end])
                if found is not None and so_far + found[1] > best[end][0]:
                    best[end] = (so_far + found[1], found[0], start)
            if so_far + self._unknown > best[start + 1][0]:
                best[start + 1] = (so_far + self._unknown, self._vocabulary.unknown, start)
        pieces, end = [], len(text)
        while end > 0:
            _, piece, end = best[end]
            pieces.append(piece)
        return pieces[::-1]
