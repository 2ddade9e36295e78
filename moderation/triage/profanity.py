"""Whether a text holds obscene words, also disguised ones: a flag of its own, which says nothing about toxicity.

Roots of Russian obscene words («мат») with their usual prefixes, masked spellings, transliteration, and the commonest
English ones. Rude but printable words («говно», «жопа») are not flagged.
"""

import re

_PREFIX = (
    r"(?:а|о|за|на|по|вы|до|ни|не|у|при|про|пере|недо|под|раз|рас|из|ис|отъ|об|объ|въ|съ|изъ|разъ|подъ|от|"
    r"долбо|дол[бп]о|мозго|остоп|еба|кол?о)?"
)
_ROOTS = (
    rf"{_PREFIX}ху(?:й|е|я(?!нг)|ю|и(?!т|л))\w*",
    r"\w*пизд\w*",
    rf"{_PREFIX}(?:е|и)б(?:а(?!й)|у(?!р|н)|л(?!а?ст)|н[уи]|ись|ет|ош|ы)\w*",
    r"долбо(?:е|и)б\w*",
    r"бла[тд]ь\w*|бля(?:д|т)\w*|бля|бл(?=\*)",
    r"муд(?:а[кч]|ил|озв|охат)\w*",
    r"(?:рас|за|на|от|с)?пид[оа]р\w*|пидр\w*",
    r"г[ао]ндон\w*",
    r"залуп\w*",
    r"(?:сука|суки|суку|сукой|сучар\w*|сучка)",
    r"шлюх\w*",
    r"дроч(?!ен)\w*",
    r"(?:на|по|о)?хер(?:ов\w*|ня|ню|ней|асе)?",
)
_MASKED = (
    r"бл[*#]+\w*", r"х[*#]+[йеяюи]\w*", r"п[*#]+(?:зд\w*|ц|ец)", r"п\w?[*#]{2,}\w*ц\w*",
    r"\w{0,4}[е][*#]+(?:т|ат|ан|л|н)\w*", r"с[*#]+к[аиу]", r"м[*#]+д(?:ак|ил)\w*", r"н[*#]+х[*#]*й?",
)  # fmt: skip
_LATIN = (
    r"\w*fuck\w*", r"f[*#]+c?k\w*", r"shit\w*|bullshit", r"sh[*#]t", r"bitch\w*", r"cunt\w*", r"assholes?",
    r"blya\w*", r"(?:na|po)?hu[iy]", r"pizd\w*", r"suka", r"pidor\w*", r"[yj]ebat\w*",
)  # fmt: skip
_OBSCENE = re.compile(rf"(?<![\w*#])(?:{'|'.join((*_ROOTS, *_MASKED, *_LATIN))})(?!\w)")


def has_profanity(folded: str) -> bool:
    """Whether a folded text holds an obscene word."""
    return _OBSCENE.search(folded) is not None
