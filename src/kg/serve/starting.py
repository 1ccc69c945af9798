"""The start of the server: what is wrong is said at once, then a process makes the front.

Only that process imports the front and all that it serves, which takes longest; meanwhile the
spawner and the first worker start on another core.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from granian.constants import Interfaces
from granian.log import LogLevels

from kg.errors import BadInput, KgError
from kg.serve.clients import Clients
from kg.serve.supervisor import Supervisor
from kg.services import listed
from kg.store import Current, Versions
from kg.workers import Limits, Pool, end_with_parent, give_back, memory_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kg.citation import Citation
    from kg.queries import Catalogue
    from kg.serve.front import Front
    from kg.settings import Settings
    from kg.store.remote import CurrentOf

_LAST_SECONDS: Final = 10


def run(
    catalogue: Catalogue | None,
    source: Versions | CurrentOf,
    settings: Settings,
    started: Callable[[], None],
    shapes: Sequence[Path] | None = None,
    citation: Citation | None = None,
) -> None:
    """Serve until interrupted; a worker process that dies is started again.

    ``source`` is a folder's versions, or the current one of an engine. Without a ``catalogue``
    the versions are of any data, of which nothing but SPARQL is offered; with ``shapes``, be they
    none, whoever has the token may change them. ``citation`` says how they are cited. ``started``
    is called once the server listens. Raises ``BadInput`` if it cannot listen on the address and
    port of ``settings``, or if those list services or networks that cannot be.
    """
    Clients(settings.trusted_proxy)
    address = _address(settings.host, settings.port)
    listed(settings.services, settings.private_services)
    if settings.log:
        try:
            Path(settings.log).open("a").close()
        except OSError as error:
            raise BadInput(f"{settings.log} cannot be written: {error.strerror}.") from None
    server = Supervisor(
        "kg.serve.front",
        address=address,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        # an answer under way when the loop stops waits for it forever, and the process with it
        workers_kill_timeout=_LAST_SECONDS,
    )
    server.on_startup(started)
    loader = partial(_load, catalogue, source, settings, shapes, citation)
    server.serve(target_loader=loader, wrap_loader=False)


def _load(
    catalogue: Catalogue | None,
    source: Versions | CurrentOf,
    settings: Settings,
    shapes: Sequence[Path] | None,
    citation: Citation | None,
    *_: object,
    **__: object,
) -> Front:
    """Make the front, inside the process that is to serve, with a worker that is ready."""
    end_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until it serves there is nothing to end well
    gc.disable()  # what is imported stays
    limits = Limits(
        fast=settings.fast_slots,
        slow=settings.slow_slots,
        queue=settings.queue,
        seconds=settings.deadline,
        memory=settings.query_memory * 1_000_000,
    )
    services = listed(settings.services, settings.private_services)

    async def begun() -> tuple[Current | CurrentOf, Pool]:
        held: Path | CurrentOf
        opening: Callable[[], Current | CurrentOf]
        if isinstance(source, Versions):
            held, name = source.root, source.current_name() or ""
            opening = partial(Current, source)
        else:
            held = engine = source.again()
            opening, name = lambda: engine, engine.get().name
        pool = Pool(held, limits, services, memory_size() * settings.copies_share // 100)
        starting = asyncio.ensure_future(pool.start(name))
        await asyncio.sleep(0)  # now the spawner's process is there
        importing = asyncio.ensure_future(asyncio.to_thread(_import))
        current: Current | CurrentOf = await asyncio.to_thread(opening)
        with contextlib.suppress(KgError):  # the first query will say it
            await starting
        await importing
        return current, pool

    current, pool = asyncio.get_event_loop().run_until_complete(begun())
    from kg.serve.app import create_app
    from kg.serve.context import Writing
    from kg.serve.front import Front
    from kg.serve.operations import LOGGER
    from kg.writing import Writer

    LOGGER.setLevel(logging.INFO)
    LOGGER.addHandler(
        logging.FileHandler(settings.log) if settings.log else logging.StreamHandler()
    )
    writing = writer = None
    if shapes is not None and isinstance(source, Versions):
        keep = settings.keep_versions
        writing = Writing(source, settings.token, keep, settings.max_upload_bytes, shapes)
        writer = Writer(source, keep, limits.memory, settings.queue, shapes)
    app = create_app(current, catalogue, settings, writing, citation)
    front = Front(app, pool, current, settings, writer)
    give_back()
    gc.enable()
    return front


def _import() -> None:
    """Import what the front is made of."""
    import kg.serve.app
    import kg.serve.front  # noqa: F401


def _address(host: str, port: int) -> str:
    """The numeric address of ``host``, refused if it is not ours or another process has the port.

    Granian listens with SO_REUSEPORT, so that a second server would take every other request.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise BadInput(
            f"The server cannot listen on {host}, port {port}: {said}. "
            "Choose another with --host or --port."
        ) from None
    return str(address[0])
