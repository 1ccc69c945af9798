"""What a bench says of where, when and how it was run."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import shlex
import sys
from pathlib import Path


def memory() -> int:
    """Bytes of memory that the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def about() -> list[str]:
    """The time and the command, the machine and how busy it is, and the Python, a line each."""
    text = Path("/proc/cpuinfo").read_text("utf-8")
    processor = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    kind = processor[1] if processor else platform.machine()
    load = os.getloadavg()[0]
    return [
        f"- {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC: `python {shlex.join(sys.argv)}`",
        f"- {os.cpu_count()} cores ({kind}), {memory() / 1e9:.0f} GB, load {load:.1f} before",
        f"- CPython {platform.python_version()}",
    ]
