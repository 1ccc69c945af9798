"""Changes to a plain store, made one at a time by a process of its own.

order     what is to be changed, and how it travels
perform   a change becomes a version: copy, change, check, sync, rename
check     what shapes say of the data as they would be
process   the writer
writer    the writer from the server's side: started, told, ended

A version never changes. A change is made in a copy that nobody sees, and one rename makes it what
everybody sees; whatever fails before that leaves everything as it was.
"""

from kg.writing.order import Document, Order
from kg.writing.perform import perform
from kg.writing.writer import Writer

__all__ = ["Document", "Order", "Writer", "perform"]
