"""Freed memory, and when it goes back to the system."""

from __future__ import annotations

import ctypes
import gc
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_M_TRIM_THRESHOLD: Final = -1
_LARGE: Final = 262_144
"""Bytes from which a block is one of its own, which goes back when it is freed."""


def give_back() -> None:
    """Have memory that is freed go back to the system soon (glibc: mallopt(3)).

    By itself it keeps more and more of what large blocks once took, as if such came all the time.
    What is there already is kept for good and not looked at again, so that the pages that it shares
    with the process it was forked from stay shared.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_TRIM_THRESHOLD, _LARGE)
    gc.freeze()
