"""Keeps a process small: few malloc arenas, no threads of number libraries beside ours."""

import ctypes
import ctypes.util
import os

M_ARENA_MAX = -8
"""mallopt's parameter in glibc (malloc.h); each thread would get an arena of its own otherwise."""
ARENAS = 2


def keep_small() -> None:
    """Call it before numpy is imported. Does nothing where the C library is not glibc."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    library = ctypes.util.find_library("c")
    mallopt = getattr(ctypes.CDLL(library), "mallopt", None) if library else None
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
