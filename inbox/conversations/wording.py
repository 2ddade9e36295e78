"""Does an edit say more than the text before it, or the same in other letters: pure."""

import re
from difflib import SequenceMatcher

MOST_CORRECTIONS = 8
"""Words; who changes more of them than that does not correct a slip."""
SPELLED_ALIKE = 0.8
"""Of the letters of two words, the share that stands in both in one order: «доствка» and «доставка» 0.93, «шкафа» and
«шкафы» 0.8, «стол» and «стул» 0.75, «открыт» and «закрыт» 0.67."""
LONGEST_WORD = 40
"""Letters; what is longer is no word, and is compared as it is."""
_WORD = re.compile(r"\w+")
_GREETING = re.compile(r"\b(?:добр(?:ый|ое|ого) (?:день|вечер|утро|дня|вечера|утра)|good (?:morning|day|evening))\b")
_ASKS_NOTHING = frozenset({
    "а", "бы", "в", "во", "да", "до", "же", "за", "и", "из", "к", "ко", "ли", "на", "ну", "о", "об", "от", "по", "с",
    "со", "то", "у", "это", "спасибо", "спс", "благодарю", "пожалуйста", "здравствуйте", "привет",
    "a", "an", "and", "at", "for", "in", "of", "on", "the", "to", "hello", "hi", "please", "thank", "thanks", "you",
})  # fmt: skip
"""Words that make no new question, whatever text they join."""


def says_more(before: str, after: str) -> bool:
    """Whether the edited text has a word that asks for something the earlier one did not.

    Case, «ё», punctuation, spaces, words that went, greetings and thanks do not count, nor does a word that was only
    spelled otherwise. Numbers are never a slip. Where it is doubtful, more was said: a talk that is opened once too
    often costs a key, a question that nobody sees a customer.
    """
    old, new = _words(before), _words(after)
    if "".join(old) == "".join(new):
        return False
    known = set(old)
    fresh = [word for word in dict.fromkeys(new) if word not in known and word not in _ASKS_NOTHING]
    if len(fresh) > MOST_CORRECTIONS:
        return True
    gone = known - set(new)
    return not all(any(_is_spelling(word, other) for other in gone) for word in fresh)


def _words(text: str) -> list[str]:
    return _WORD.findall(_GREETING.sub(" ", text.casefold().replace("ё", "е")))


def _is_spelling(word: str, other: str) -> bool:
    if max(len(word), len(other)) > LONGEST_WORD or not word.isalpha() or not other.isalpha():
        return False
    return SequenceMatcher(None, word, other, autojunk=False).ratio() >= SPELLED_ALIKE
