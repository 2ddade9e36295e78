"""Collects what the interface says. `python -m tests.i18n.catalog` brings the .po files up to date."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "inbox" / "translations"
PACKAGES = ("inbox", "routing", "bots", "moderation")
KEYWORDS = {
    "_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "NotFoundError": None, "ForbiddenError": None,
    "UnauthenticatedError": None, "ConflictError": None, "InvalidInputError": None, "TooManyAttemptsError": None,
    "GoneError": None,
}  # fmt: skip
NOT_SHOWN = ("inbox/cli/", "bots/simulator/")
LOCALES = ("ru", "en")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the interface; `plural` None: it has one form."""

    text: str
    plural: str | None


def collect() -> list[Said]:
    """Everything that code and templates mark, once each, in order of the files."""
    found: dict[str, Said] = {}
    for said in (*_from_code(), *_from_templates()):
        if said.text and (said.text not in found or said.plural):
            found[said.text] = said
    return list(found.values())


def _from_code() -> Iterator[Said]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if str(path.relative_to(ROOT)).startswith(NOT_SHOWN):
                continue
            for _, message, *_ in extract_from_file("python", path, keywords=KEYWORDS):
                yield _said(message)


def _from_templates() -> Iterator[Said]:
    for path in template_paths():
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_", "ngettext"), [], {"trimmed": "true"}):
                if message:
                    yield _said(message)


def template_paths() -> list[Path]:
    """Every template of the panel."""
    return sorted(path for package in ("inbox", "routing") for path in (ROOT / package).rglob("templates/*.html"))


def _said(message: object) -> Said:
    if isinstance(message, tuple):
        texts = [part for part in message if isinstance(part, str)]
        return Said(texts[0], texts[1] if len(texts) > 1 else None)
    return Said(message if isinstance(message, str) else "", None)


def path_of(locale: str) -> Path:
    """A language's file."""
    return TRANSLATIONS / locale / "LC_MESSAGES" / "otklik.po"


def load(locale: str) -> Catalog:
    """A language's translations."""
    with path_of(locale).open("rb") as file:
        return read_po(file, locale=locale)


def update(locale: str) -> None:
    """Keep what is translated, add what is new, forget what nobody says any more."""
    old = load(locale) if path_of(locale).exists() else Catalog(locale=locale)
    new = Catalog(
        locale=locale, project="Otklik", version="1", charset="utf-8", creation_date=old.creation_date,
        revision_date=old.revision_date, fuzzy=False,
    )  # fmt: skip
    for said in collect():
        key = (said.text, said.plural) if said.plural else said.text
        known = old.get(said.text)
        text = known.string if known is not None and known.string else _own(said, locale)
        new.add(key, text)
    with path_of(locale).open("wb") as file:
        write_po(file, new, width=120, omit_header=False, no_location=True, sort_output=True)


def _own(said: Said, locale: str) -> str | tuple[str, str]:
    """English is the language of the source."""
    if locale != "en":
        return ""
    return (said.text, said.plural) if said.plural else said.text


if __name__ == "__main__":
    for one in LOCALES:
        update(one)
