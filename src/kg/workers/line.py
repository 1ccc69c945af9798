"""Who waits for a slot, and who is next: who had the least of late, then who came first."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from kg.errors import Busy, TooMany

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.workers.jobs import Running


class Line:
    """Queries that wait, at most so many; those that a worker was sent already wait on there."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of_client: Counter[str] = Counter()
        self._waiting: dict[str, deque[Running]] = {}
        """By client, those that no worker was sent."""

    @property
    def has_any(self) -> bool:
        """Whether anything waits."""
        return bool(self._of_client)

    @property
    def has_unsent(self) -> bool:
        """Whether anything waits that no worker was sent."""
        return bool(self._waiting)

    def has_room(self, client: str) -> bool:
        """Whether a query of a client may wait."""
        is_free = self._of_client.total() < self._most
        return is_free and self._of_client[client] < self._half

    @property
    def _half(self) -> int:
        """How many a client may have here."""
        return max(1, self._most // 2)

    def add(self, running: Running) -> None:
        """Have a query wait.

        Raises ``TooMany`` if its client has half of the line, ``Busy`` if the line is full.
        """
        if self._of_client[running.client] >= self._half:
            raise TooMany("You have as many queries running and waiting as one client may.")
        if self._of_client.total() >= self._most:
            raise Busy("The server has as many queries running and waiting as it takes.")
        self._of_client[running.client] += 1
        self._waiting.setdefault(running.client, deque()).append(running)

    def first(
        self, spent: Callable[[str], float], may: Callable[[Running], bool]
    ) -> Running | None:
        """Who is next, of the first ones of all clients that may be; None if none may."""
        if not self._waiting:
            return None
        able = [waiting[0] for waiting in self._waiting.values() if may(waiting[0])]
        return min(able, key=lambda one: (spent(one.client), one.began), default=None)

    def take(self, running: Running) -> None:
        """Take out a query that is first of its client, to send it to a worker; it waits on."""
        waiting = self._waiting[running.client]
        waiting.remove(running)
        if not waiting:
            del self._waiting[running.client]

    def put_back(self, running: Running) -> None:
        """Have a query wait again that a worker was sent, before others of its client."""
        self._waiting.setdefault(running.client, deque()).appendleft(running)

    def leave(self, running: Running) -> None:
        """Have a query wait no more."""
        if running in self._waiting.get(running.client, ()):
            self.take(running)
        self._of_client[running.client] -= 1
        if not self._of_client[running.client]:
            del self._of_client[running.client]
