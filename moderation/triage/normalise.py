"""A text as people wrote it, made comparable: markers for links and numbers, and a folded twin without disguises.

`raw` keeps case, emoji and order; `folded` is lower case, with homoglyphs, leet, stretched letters and spaced-out words
undone. Both are pure functions of the text and accept any string.
"""

import re
import unicodedata
from dataclasses import dataclass

HEAD, TAIL = 3000, 1000
"""Characters kept of a very long text: what it begins and ends with."""

LINK, PHONE, MAIL, PRICE, MENTION = "<link>", "<phone>", "<mail>", "<price>", "<mention>"

_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,24}){1,3}")
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>]+"
    r"|\b(?:t\.me|vk\.(?:com|cc|me|ru)|wa\.me|bit\.ly|clck\.ru|goo\.gl|instagram\.com|youtu\.be)/[^\s<>]*"
    r"|\b[a-z0-9-]{2,63}\.(?:ru|com|net|org|рф|xyz|top|info|io|site|shop|online|club|pro|biz|su)\b(?:/[^\s<>]*)?",
    re.IGNORECASE,
)
_VK_MENTION = re.compile(r"\[(?:id|club|public)\d+\|([^\]\n]{0,80})\]")
_AT_MENTION = re.compile(r"(?<![\w.])@\w{2,64}")
_PHONE = re.compile(r"(?<![\w.])(?:\+\d|8|7)[\s(-]{0,2}\d{3}[\s)-]{0,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}(?!\d)")
_PRICE = re.compile(
    r"(?:[$€₽]\s?\d[\d .,]{0,12}\d?)"
    r"|(?<![\w.])\d(?:[\d .,]{0,12}\d)?\s?(?:(?:руб(?:лей|ля|ль)?|р|тыс|т\.?\s?р|к|usd|rub)(?![\w])\.?|[$€₽])",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
_SPACE = re.compile(r"\s+")

_LOOKALIKES = str.maketrans("abcehkmoptxyizu0136@$", "авсенкмортхуизиоизбас")
"""Latin letters, digits and signs to the Cyrillic letter they stand for inside a Cyrillic word."""
_CYRILLIC = re.compile(r"[а-яё]")
_DISGUISED = re.compile(
    r"(?<![\w@$])(?P<before>(?:[^\W_а-яё]*+[_@$])*+)(?=[^\W_]*[а-яё])(?=[\w@$]*[a-z0-9@$])"
    r"(?P<word>[^\W_](?:[\w@$]*[^\W_])?)"
)
"""From the first part with a Cyrillic letter on; each run of letters and signs is read once, however long it is."""
_INNER_SIGN = re.compile(r"(?<=[^\W\d_])[0136@$](?=[^\W\d_])|^0(?=[а-я]{3})")
_MIXED = re.compile(r"[а-яё][a-z]|[a-z][а-яё]|[а-яё][0-9@$][а-яё]|\b0[а-яё]{3}")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .\-_*|]){2,40}[^\W\d_](?![^\W_])")
FEWEST_SPACED = 4
"""Spaced letters from which they are a word even if each could be one."""
_SHORT_WORDS = frozenset("авикосуяж")
_MARKS = re.compile(r"[\u0300-\u0305\u0307\u0309-\u036f]")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text's two faces; `disguised` when a word mixes alphabets or hides letters behind signs."""

    raw: str
    folded: str
    disguised: bool


def normalise(text: str) -> Normalised:
    """Both faces of a text; never raises."""
    raw = clean(text)
    return Normalised(raw, fold(raw), _is_disguised(raw.lower()))


def clean(text: str) -> str:
    """Without invisible characters and at a sensible length; links, mentions, phones, mails and prices as markers."""
    if len(text) > HEAD + TAIL:
        text = text[:HEAD] + " " + text[-TAIL:]
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    text = _VK_MENTION.sub(f" {MENTION} ", text)
    if "@" in text:
        text = _AT_MENTION.sub(f" {MENTION} ", _MAIL.sub(f" {MAIL} ", text))
    if "." in text or "//" in text:
        text = _LINK.sub(f" {LINK} ", text)
    text = _PRICE.sub(f" {PRICE} ", _PHONE.sub(f" {PHONE} ", text))
    return _SPACE.sub(" ", text).strip()


def fold(text: str) -> str:
    """Lower case with disguises undone; folding a folded text changes nothing."""
    for _ in range(8):
        folded = _fold_once(text)
        if folded == text:
            break
        text = folded
    return text


def _is_disguised(lowered: str) -> bool:
    return _MIXED.search(lowered) is not None or any(_join(found) != found[0] for found in _SPACED.finditer(lowered))


def _fold_once(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    if not text.isascii():
        text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text))).replace("ё", "е")
    text = _SPACED.sub(_join, text)
    if _CYRILLIC.search(text):
        text = _DISGUISED.sub(_undisguise, text)
    return _SPACE.sub(" ", _STRETCHED.sub(r"\1", text)).strip()


def _join(found: re.Match[str]) -> str:
    """«д у р а» → «дура»; a row of one-letter words stays."""
    letters = found[0][::2]
    return found[0] if len(letters) < FEWEST_SPACED and set(letters) <= _SHORT_WORDS else letters


def _undisguise(found: re.Match[str]) -> str:
    """Lookalikes of a word whose letters are mostly Cyrillic; «4х», «usb-кабель» and «wi-fi» stay."""
    before, word = found["before"], found["word"]
    inner = _INNER_SIGN.sub(lambda sign: sign[0].translate(_LOOKALIKES), word)
    latin = sum("a" <= letter <= "z" for letter in inner)
    if latin and latin <= len(_CYRILLIC.findall(inner)) + 1:
        swapped = "".join(letter.translate(_LOOKALIKES) if letter.isalpha() else letter for letter in inner)
        return before + (swapped if not re.search("[a-z]", swapped) else inner)
    return before + inner
