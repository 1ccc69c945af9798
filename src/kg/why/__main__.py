"""``python -m kg.why``: one question on standard input, its answer on standard output."""

import sys

from kg.why.process import answer

if __name__ == "__main__":
    answer(sys.stdin.buffer, sys.stdout.buffer)
