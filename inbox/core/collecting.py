"""Python's collector of cycles, told that this is a server: what was loaded first stays, requests come and go."""

import gc

YOUNG = 10_000
"""New objects between two looks at them, instead of 700: a page makes tens of thousands, nearly all gone with it."""


def calm_collector() -> None:
    """Look at no object that is there now ever again, and at new ones more rarely; a page takes a tenth less time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
