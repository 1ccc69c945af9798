"""The process that starts the front, and starts it again whenever it ends by itself."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Final

from granian import Granian

_SHORTEST: Final = 0.1
_LONGEST: Final = 5.0
_YOUNG: Final = 5.0
"""Seconds within which a process that ends has hardly begun to work."""


class Supervisor(Granian):  # type: ignore[misc, valid-type]
    """Granian that does not give up.

    Of its own it ends with the second worker that dies within 5.5 seconds, be it that somebody
    killed both. Here the pause before the next one grows instead, while none lives long.
    """

    _pause = _SHORTEST

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """End all; in a front that has just been forked, and has this from its parent, itself."""
        if os.getpid() == self.pid:
            super().signal_handler_interrupt(*args, **kwargs)
        elif args[0] == signal.SIGTERM:  # Ctrl-C comes to all, and then this from the parent
            os._exit(0)

    def _respawn_workers(self, workers: list[int], *rest: Any, **more: Any) -> None:  # noqa: ANN401
        now = time.monotonic()
        is_young = any(now - self.wrks[number].birth < _YOUNG for number in workers)
        self._pause = min(_LONGEST, 2 * self._pause) if is_young else _SHORTEST
        time.sleep(self._pause)
        super()._respawn_workers(workers, *rest, **more)
        self.respawned_wrks.clear()  # by which it would see that it was not long ago
