"""Which language a text is written in, as far as its letters tell: pure, made for short comments.

Statistical detectors guess on texts of two words; letters do not. What has only letters that several languages share is
taken for the largest of them here: Cyrillic for Russian.
"""

import re
from enum import StrEnum


class Language(StrEnum):
    """latin: English and others in Latin letters · other: another script · none: no letters at all."""

    RUSSIAN = "ru"
    UKRAINIAN = "uk"
    BELARUSIAN = "be"
    KAZAKH = "kk"
    LATIN = "latin"
    OTHER = "other"
    NONE = "none"


_CYRILLIC = re.compile(r"[а-яёіїєґўәғқңөұүһ]", re.IGNORECASE)
_LATIN = re.compile(r"[a-zà-öø-ž]", re.IGNORECASE)
_OWN = {
    Language.KAZAKH: re.compile(r"[әғқңөұүһ]", re.IGNORECASE),
    Language.BELARUSIAN: re.compile(r"ў", re.IGNORECASE),
    Language.UKRAINIAN: re.compile(r"[їєґі]", re.IGNORECASE),
}
_RUSSIAN_ONLY = re.compile(r"[ыэё]", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+|@\w+|#\w+", re.IGNORECASE)


def language_of(text: str) -> Language:
    """The language of most letters; links, names after @ and hashtags are left out."""
    words = _ADDRESS.sub(" ", text)
    cyrillic, latin = len(_CYRILLIC.findall(words)), len(_LATIN.findall(words))
    others = sum(one.isalpha() for one in words) - cyrillic - latin
    if not cyrillic + latin + others:
        return Language.NONE
    if others > max(cyrillic, latin):
        return Language.OTHER
    if latin > cyrillic:
        return Language.LATIN
    own = next((language for language, letters in _OWN.items() if letters.search(words)), None)
    if own is Language.UKRAINIAN and _RUSSIAN_ONLY.search(words):
        # Belarusian has both і and ы; Ukrainian has no ы, and Russian no і.
        return Language.BELARUSIAN
    return own or Language.RUSSIAN
