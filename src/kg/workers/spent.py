"""How much of the workers' time each client had of late."""

from __future__ import annotations

import math
import time
from typing import Final

_LEAST: Final = 0.001
_STEP: Final = 0.05


class Spent:
    """Seconds by client, of which half are forgotten after ``half_life`` seconds."""

    def __init__(self, half_life: float) -> None:
        self._rate = math.log(2) / half_life
        self._seconds: dict[str, float] = {}
        self._at = time.monotonic()

    def add(self, client: str, seconds: float) -> None:
        """Count some seconds of a client's."""
        self._forget()
        self._seconds[client] = self._seconds.get(client, 0.0) + seconds

    def of(self, client: str) -> float:
        """Seconds of a client that are not forgotten."""
        self._forget()
        return self._seconds.get(client, 0.0)

    def _forget(self) -> None:
        now = time.monotonic()
        if now - self._at < _STEP:
            return
        kept = math.exp(-self._rate * (now - self._at))
        self._at = now
        left = {client: seconds * kept for client, seconds in self._seconds.items()}
        self._seconds = {client: seconds for client, seconds in left.items() if seconds > _LEAST}
