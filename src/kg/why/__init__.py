"""Why a statement of a served version follows: found by a process of its own for each question.

near        the statements from which it may follow: those around it, else all
process     the process: reads them, reasons, and says the smallest proof
asking      the same from the server's side: how many at once, for how long, and what was found

The reasoner works on Python's objects and takes memory in proportion to what it reads, so no thread
of the server does that.
"""

from kg.why.asking import Explanations

__all__ = ["Explanations"]
