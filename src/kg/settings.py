"""The settings: each with its name, its default and one sentence.

A setting is taken from the command line, else from the environment variable ``KG_<NAME>``, else
from here. The commands' help, the checks and ``docs/settings.md`` read this table.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from kg.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping


def _setting(default: Any, sentence: str, low: int | None = None, high: int | None = None) -> Any:  # noqa: ANN401
    return field(default=default, metadata={"sentence": sentence, "low": low, "high": high})


@dataclass(frozen=True)
class Settings:
    """One value for each setting."""

    store: str = _setting(
        "", "Folder of the built versions, or the word memory; empty for the project's own folder."
    )
    host: str = _setting("127.0.0.1", "Address that the server listens on.")
    public_url: str = _setting(
        "", "Address at which others reach the server; empty for that of host and port."
    )
    port: int = _setting(8000, "Port that the server listens on.", 0, 65535)
    trusted_proxy: str = _setting(
        "", "Networks of proxies whose X-Forwarded-For says who asks, separated by commas."
    )
    log: str = _setting("", "File that gets a line for each query; empty for standard error.")
    token: str = _setting(
        "", "What operators send as Authorization: Bearer; empty for no operators."
    )
    hide: str = _setting(
        "", "Graphs left out of what is served, with all below them, separated by blanks."
    )
    threads: int = _setting(4, "Number of requests that are decided about at the same time.", 1, 64)
    keep_versions: int = _setting(
        3, "Number of built versions that are kept, the current one included.", 1, 1000
    )
    max_query_bytes: int = _setting(
        1_000_000, "Size above which a query sent in a body is refused.", 1, 1_000_000_000
    )

    fast_slots: int = _setting(
        4, "Number of queries that run at the same time before they have taken 0.2 seconds.", 1, 256
    )
    slow_slots: int = _setting(
        2, "Number of queries that run on after 0.2 seconds, with less processor time.", 1, 256
    )
    queue: int = _setting(64, "Number of queries that wait for a slot.", 0, 10_000)
    deadline: int = _setting(
        30, "Seconds after which a query is ended, waiting and sending included.", 1, 86_400
    )
    query_memory: int = _setting(
        512, "Megabytes of memory above which a query is ended.", 64, 1_000_000
    )

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **given: object) -> Settings:
        """Settings from ``given`` values, else the environment, else the defaults.

        A value of None counts as not given. Raises ``BadInput`` for a value of the wrong form.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for setting in fields(cls):
            value: Any = given.get(setting.name)
            if value is None:
                value = environment.get(variable(setting.name), setting.default)
            values[setting.name] = _checked(setting.name, value, setting)
        if re.match(r"[a-z]+://", values["store"]):
            raise BadInput(f"{variable('store')} (--store) must be a folder, not an address.")
        return cls(**values)


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"KG_{name.upper()}"


def sentence(name: str) -> str:
    """The sentence that explains a setting."""
    return str(next(s.metadata["sentence"] for s in fields(Settings) if s.name == name))


def _checked(name: str, value: Any, setting: Any) -> Any:  # noqa: ANN401
    if isinstance(setting.default, str):
        return str(value)
    low, high = setting.metadata["low"], setting.metadata["high"]
    try:
        number = int(value)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise BadInput(
            f"{variable(name)} (--{name.replace('_', '-')}) must be a whole number "
            f"from {low} to {high}, not {value!r}."
        )
    return number
