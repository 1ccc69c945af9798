"""Any SPARQL 1.1 engine, asked and changed at its addresses.

connection    requests to it, kept open, its challenge answered, a time when each is over
received      what it answered, whole or not at all
dataset       which graphs a query is sent with where its default graph is not ours
capabilities  what it does in its own way, and what is done about it
store         what can be asked of it
writing       graphs sent to it, by the Graph Store Protocol or by Update
receipts      what it was sent, on record in it
publishing    a build sent to it, looked at, and gone on with after a failure

See https://www.w3.org/TR/sparql11-protocol/.
"""

from kg.store.remote.capabilities import Capabilities, probe, probed
from kg.store.remote.connection import Addresses
from kg.store.remote.publishing import Published, publish
from kg.store.remote.store import SECONDS, RemoteStore

__all__ = [
    "SECONDS",
    "Addresses",
    "Capabilities",
    "Published",
    "RemoteStore",
    "probe",
    "probed",
    "publish",
]
