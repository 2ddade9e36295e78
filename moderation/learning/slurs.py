"""Words that Russian quarrels about politics and peoples insult with: our corpus, of brands' subscribers, hardly has
them. They tell what a public set of such quarrels calls toxic; the shipped model does not read them."""

import re
from collections.abc import Sequence

import numpy as np

from moderation.triage.normalise import Normalised
from moderation.triage.profanity import has_profanity
from moderation.triage.scoring import Table

_CAMPS = (
    r"ват(?:н|ан|енок|а\b)", "колорад", "рашк", "рашист", "россиянск", "рус(?:ня|ни|ню)", "путлер", "путинойд",
    "путиноид", r"пын[яеию]\b", "кремл[ея]?бот", "ольгинск", "навальнят", "навальнист", "либера(?:ст|ш|х)", "либерд",
    "совок", "совк", "комм?уняк", "сталинист", "фашист", "нацист", "нацик", "зигу", "гитлер", "бандер", "майда[ун]",
    "свидом", "укроп", "укр[оа](?:нацист|фашист)", "гейроп", "америкос", "пиндос", "предател", r"иуд[аыу]\b",
    "иноагент", "сектант", "зомб", r"бот(?:ы|ов|ам|яр\w*|ик\w*|инок)?\b", "тролл",
)  # fmt: skip
"""Who somebody stands for."""
_PEOPLES = (
    "хохл", "хохол", "кацап", "москал", "салоед", "жид", "пархат", "чурк", "чурбан", r"хач(?:и|ей|ик\w*|а)?\b",
    "черно?жоп", "черномаз", "негр", "нигг?ер", "узкоглаз", "косоглаз", "цыган", "гастарбайтер", "гомосек", "педик",
    "педер", "пидор", "педофил", r"транс(?:а|ы|ов|ик\w*)?\b",
)  # fmt: skip
"""Whence or what somebody is."""
_RABBLE = (
    "быдл", r"скот(?:ы|ина|ов|обаз\w*)?\b", r"стад[оау]\b", "холоп", r"раб(?:ы|ов|ск\w*)\b", "мраз", "твар", "гнид",
    "паразит", "упыр", "убог", "ублюд", "выродк", "урод", "отморо", "подонк", "мерзав", "гнус", "шваль", "отребь",
    r"вор(?:ы|ов|юг\w*|ье)?\b", "жулик", "чмо", r"лох(?:и|ов|а|ам)?\b", "недочел", "недолюд", r"мент(?:ы|ов|яр\w*)\b",
)  # fmt: skip
_FOOLS = (
    "тупо", r"туп(?:ая|ые|ых|ица|ень)", "идиот", "дебил", "кретин", "придур", r"дур(?:а|ак\w*|ы|у|ень|ачк\w*|ой)\b",
    "даун", "имбецил", "олигофрен", "шизо", "псих", r"больн(?:ой|ая|ые)\b", "клоун", r"шут\b", "бабк[аи]", "старух",
    "старпер", "карлик", "жирн",
)  # fmt: skip
_BEASTS = ("петух", "собак", "свин", "баран", r"осел\b", r"козе?л", "крыс", "шавк", "животн")
_COARSE = (
    "шалав", "проститу", "подстил", "говн", "дерьм", "помо[ийе]", "жоп", "сра[лнт]", "насра", "обосра", r"сса(?:ть|л)",
)  # fmt: skip
"""What has_profanity leaves out."""
_WISHES = (
    "сдох", "подох", "передох", "повес(?:ить|ят)", "расстрел", "убива", "убей", "убить", "убьют",
    "гор(?:ите|еть|и) в аду", "заткн", "завали", "рот (?:свой )?закр", "позор",
)  # fmt: skip
STEMS = (*_CAMPS, *_PEOPLES, *_RABBLE, *_FOOLS, *_BEASTS, *_COARSE, *_WISHES)
"""Beginnings of words, in small letters and without ё."""
_PATTERNS = tuple(re.compile(rf"(?<!\w)(?:{stem})") for stem in STEMS)
MOST = 2
"""More of them in a text say no more."""


def note_slurs(texts: Sequence[Normalised]) -> Table:
    """Which stems stand in each text, as it was written or in its folded face, whether an obscene word does, and how
    many do; (texts, stems + 2)."""
    found = np.zeros((len(texts), len(STEMS) + 2))
    for row, text in enumerate(texts):
        words = f"{text.raw}\n{text.folded}".casefold().replace("ё", "е")
        found[row, :-2] = [pattern.search(words) is not None for pattern in _PATTERNS]
        found[row, -2] = has_profanity(text.folded)
    found[:, -1] = np.minimum(found[:, :-1].sum(axis=1), MOST)
    return found
