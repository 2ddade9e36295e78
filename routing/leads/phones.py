"""Phone numbers in what people write: pure."""

import re

_RUSSIAN = re.compile(r"(?<!\d)(?:\+7|8|7)[\s(\-]*(\d{3})[\s)\-]*(\d{3})[\s\-]*(\d{2})[\s\-]*(\d{2})(?!\d)")
_FOREIGN = re.compile(r"(?<!\d)\+(?!7)(\d[\d\s()\-]{8,20}\d)(?!\d)")


def find_phone(text: str) -> str | None:
    """The first number as +79991234567; another country's as +375291234567."""
    russian = _RUSSIAN.search(text)
    if russian is not None:
        return "+7" + "".join(russian.groups())
    foreign = _FOREIGN.search(text)
    digits = re.sub(r"\D", "", foreign.group(1)) if foreign is not None else ""
    return f"+{digits}" if 10 <= len(digits) <= 15 else None
