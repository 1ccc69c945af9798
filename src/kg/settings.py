"""The settings: each with its name, its default and one sentence.

A setting is taken from the command line, else from the environment variable ``KG_<NAME>``, else
from the file that ``config`` names (TOML, https://toml.io/en/v1.0.0), else from here. The commands'
help, the checks and ``docs/reference.md`` read this table.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping

MEMORY: Final = "memory"
"""The word that stands for a store built in memory."""
_SECRET: Final = {"token": "the token", "store_password": "a password"}
"""The settings that only their owner may read in a file."""


def _setting(
    default: Any,  # noqa: ANN401
    sentence: str,
    low: int | None = None,
    high: int | None = None,
    *,
    is_shown: bool = True,
) -> Any:  # noqa: ANN401
    limits = {"sentence": sentence, "low": low, "high": high}
    return field(default=default, repr=is_shown, metadata=limits)


@dataclass(frozen=True)
class Settings:
    """One value for each setting."""

    config: str = _setting(
        "", "File of settings by these names, in TOML, for those that are not given otherwise."
    )
    store: str = _setting(
        "",
        "Folder of the built versions, or the word memory, or the address of an engine; empty for "
        "the project's own folder.",
    )
    store_update_url: str = _setting(
        "", "Address at which an engine takes SPARQL Update, if the store is one."
    )
    store_gsp_url: str = _setting(
        "", "Address of an engine's Graph Store Protocol, at which ?graph= names a graph."
    )
    store_user: str = _setting("", "User that the engine asks for, by Basic or Digest.")
    store_password: str = _setting(
        "",
        "Password of that user, or a token if there is none; not for the command line.",
        is_shown=False,
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
        "",
        "What operators send as Authorization: Bearer; empty for no operators.",
        is_shown=False,
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
    max_upload_bytes: int = _setting(
        50_000_000, "Size above which a change is refused, compressed or not.", 1, 1_000_000_000
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
        768, "Megabytes of memory above which a query is ended.", 64, 1_000_000
    )
    copies_share: int = _setting(
        50,
        "Percent of the memory that copies of the data may take, one for each slot and one more; "
        "if they would take more, queries are answered from disk.",
        0,
        100,
    )
    warm_up: int = _setting(
        20, "Seconds of idle time used to make answers ahead, of each version; 0 for none.", 0, 3600
    )
    services: str = _setting(
        "", "Addresses of endpoints that queries may call with SERVICE, with blanks or commas."
    )
    private_services: str = _setting(
        "", "The same for endpoints that may be in a private network or on this machine."
    )

    mapper: str = _setting(
        "", "Python that has morph-kgc, by which CSV files are imported; a path or a command."
    )

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **given: object) -> Settings:
        """Settings from ``given`` values, else the environment, else the file, else the defaults.

        A value of None counts as not given. Raises ``BadInput`` for a value of the wrong form and
        for a file that cannot be read, has another name in it, or shows others what is secret.
        """
        environment = os.environ if environment is None else environment
        said = {name: value for name, value in given.items() if value is not None}
        for setting in fields(cls):
            if setting.name not in said and variable(setting.name) in environment:
                said[setting.name] = environment[variable(setting.name)]
        path = str(said.get("config", ""))
        written = _read(path) if path else {}
        values: dict[str, Any] = {}
        for setting in fields(cls):
            name = setting.name
            shown = f"{variable(name)} (--{name.replace('_', '-')})"
            if name in written and name not in said:
                shown = f"{path}: {name}"
            value = said.get(name, written.get(name, setting.default))
            values[name] = _checked(shown, value, setting)
        return cls(**values)

    @property
    def is_endpoint(self) -> bool:
        """Whether the store is an engine at an address."""
        return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", self.store) is not None


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"KG_{name.upper()}"


def sentence(name: str) -> str:
    """The sentence that explains a setting."""
    return str(next(s.metadata["sentence"] for s in fields(Settings) if s.name == name))


def _read(path: str) -> dict[str, Any]:
    """The settings in a file, each of the type that its default has."""
    import tomllib  # most starts need none

    try:
        with Path(path).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            written = tomllib.load(file)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise BadInput(f"{path} is not TOML: {error}.") from None
    for name, what in _SECRET.items():
        if name in written and mode & stat.S_IROTH:
            raise BadInput(f"{path} has {what} and may be read by others: run chmod o-r on it.")
    known = {setting.name: setting for setting in fields(Settings) if setting.name != "config"}
    for name, value in written.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise BadInput(f"{path}: there is no setting {name!r}.{hint}")
        is_text = isinstance(known[name].default, str)
        if type(value) is not (str if is_text else int):
            what = "a text in quotes" if is_text else "a whole number without quotes"
            raise BadInput(f"{path}: {name} must be {what}, not {value!r}.")
    return written


def _checked(shown: str, value: Any, setting: Any) -> Any:  # noqa: ANN401
    if isinstance(setting.default, str):
        return str(value)
    low, high = setting.metadata["low"], setting.metadata["high"]
    try:
        number = int(value)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise BadInput(f"{shown} must be a whole number from {low} to {high}, not {value!r}.")
    return number
