"""What a message of nothing but emoji, stickers' signs or plus signs says."""

import re

_POSITIVE = frozenset(
    "❤♥🔥👏😍🥰😘🤩💕💖💗💓💘💞💙💚💛🧡💜🖤🤍🤎👍💪🎉🥳😊😁😀😃😄😆☺🙂💯✨🌹💐🌸🌺😻🤗😋👌🏆🥇⭐🌟💋🫶😇🤤💎🚀🎊😎🤝🌷🌞🍾🥂🫰🙌🥹👑♡"
)
_NEGATIVE = frozenset("🤡🤮👎💩😡😠🤬😤🤢🖕😒🙄😞😔😢😭😩😫💔😖😣☹🙁😕🤦😱🐔🗑😑😨😰🥴👿🤥🐷🐍🎪🚮🥱😾😿🐀🍅😴💤")
_MOCKING = frozenset("🤡🎪🤮")
"""Whatever stands beside them, they are not meant kindly."""
_NOTHING = re.compile(r"[\W_]*", re.DOTALL)
_PLUSES = re.compile(r"\+[\s+\d]{0,12}")
_SMILE = re.compile(r"[:;=8xX]?-?\){1,20}")
_FROWN = re.compile(r"[:;=]?-?\({1,20}")


def is_wordless(text: str) -> bool:
    """Whether a text holds no letter and no digit, or is a plus («+», «+1»)."""
    return _NOTHING.fullmatch(text) is not None or _PLUSES.fullmatch(text) is not None


def find_mood(text: str) -> str:
    """positive, negative or neutral of a wordless text: by the clearer side of its emoji."""
    bare = text.strip()
    smiles, frowns = _SMILE.fullmatch(bare) is not None, _FROWN.fullmatch(bare) is not None
    bad = sum(sign in _NEGATIVE for sign in text) + frowns
    good = sum(sign in _POSITIVE for sign in text) + smiles
    if not _MOCKING.isdisjoint(text):
        return "negative"
    if good == bad:
        return "neutral"
    return "positive" if good > bad else "negative"
