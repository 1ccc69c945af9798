"""The commands: the only room that prints, reads arguments and picks an exit code.

Exit codes: 0 done and conforming, 1 ran and found violations, 2 could not run.
"""

import os

# numpy starts a thread on each core for linear algebra, of which there is none here
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from kg.cli.group import main

__all__ = ["main"]
