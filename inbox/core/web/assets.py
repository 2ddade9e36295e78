"""The addresses of the panel's built assets, from Vite's manifest."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import monotonic

import structlog

STATIC = Path(__file__).parents[2] / "static"
PREFIX = "/static"
ENTRY = "src/main.ts"
SPRITE = "src/generated/icons.svg"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Assets:
    """Addresses of the entry's script, its styles, and the sprite of icons; empty while the panel is not built."""

    script: str
    styles: tuple[str, ...]
    sprite: str


def load_assets() -> Assets:
    """What the newest build says; looked at once a second at most, as each icon of a page asks for it."""
    return _look(int(monotonic()))


@lru_cache(maxsize=1)
def _look(_second: int) -> Assets:
    manifest = STATIC / ".vite" / "manifest.json"
    try:
        return _read(manifest, manifest.stat().st_mtime_ns)
    except FileNotFoundError:
        log.warning("panel_not_built", mend="run `make setup`, or `python hatch_build.py`")
        return Assets("", (), "")


@lru_cache(maxsize=1)
def _read(manifest: Path, _changed_at: int) -> Assets:
    chunks: dict[str, dict[str, object]] = json.loads(manifest.read_text(encoding="utf-8"))
    entry = chunks[ENTRY]
    styles = entry.get("css")
    return Assets(
        script=f"{PREFIX}/{entry['file']}",
        styles=tuple(f"{PREFIX}/{style}" for style in styles) if isinstance(styles, list) else (),
        sprite=f"{PREFIX}/{chunks[SPRITE]['file']}",
    )
