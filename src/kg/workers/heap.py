"""How much memory there is, and when what is freed of it goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_M_MMAP_THRESHOLD: Final = -3
_M_TRIM_THRESHOLD: Final = -1
_LARGE: Final = 1_048_576
"""Bytes from which a block is one of its own, which goes back when it is freed."""
_TUNABLES: Final = "GLIBC_TUNABLES"
_AT_HAND: Final = "glibc.malloc.tcache_count=1000"
_GROUPS: Final = Path("/sys/fs/cgroup")
_HUGE: Final = 2 * 1024 * 1024
"""Bytes of a huge page."""
_MADV_COLLAPSE: Final = 25


def memory_size(groups: Path = _GROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """Bytes of memory that this process may have: the machine's, or less in a container or service.

    Linux says so of control groups of version 2 (cgroups(7)): the least of the process's own one,
    which ``own`` names, and those above it.
    """
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    try:
        (name,) = (line[3:] for line in own.read_text("utf-8").splitlines() if line[:3] == "0::")
    except (OSError, ValueError):  # none, or not of that version
        name = ""
    group = groups / name.strip("/")
    for folder in (group, *group.parents):
        if folder.is_relative_to(groups):
            with contextlib.suppress(OSError, ValueError):  # "max" is no number
                sizes.append(int((folder / "memory.max").read_text("ascii")))
    return min(sizes)


def in_huge_pages(maps: Path = Path("/proc/self/maps")) -> bool:
    """Have the memory of this process in huge pages of its own; whether all of it is.

    Linux 6.1 and later can do so (madvise(2), MADV_COLLAPSE). Pages that are shared with the
    process it was forked from are copied. The processor then finds its way through much memory with
    fewer look-ups.
    """
    madvise = getattr(ctypes.CDLL(None), "madvise", None)
    if madvise is None or not maps.exists():
        return False
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    is_all = True
    for line in maps.read_text("utf-8").splitlines():
        place, access, _, _, file, *name = line.split(maxsplit=5)
        if access != "rw-p" or file != "0" or name not in ([], ["[heap]"]):
            continue
        first, last = (int(one, 16) for one in place.split("-"))
        first = -(-first // _HUGE) * _HUGE
        size = (last - first) // _HUGE * _HUGE
        is_all = (size <= 0 or madvise(first, size, _MADV_COLLAPSE) == 0) and is_all
    return is_all


def at_hand(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which glibc keeps more small blocks at hand, beside what is set already.

    The engine takes and frees many for a query; by itself a thread has seven of each size before it
    looks further (glibc: Memory Allocation Tunables). The last of what is set holds.
    """
    known = environment.get(_TUNABLES)
    return {**environment, _TUNABLES: f"{_AT_HAND}:{known}" if known else _AT_HAND}


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
