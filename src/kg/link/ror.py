"""Organizations of the Research Organization Registry, from its records (https://ror.org/).

Records of both schemas are read: version 2 (https://ror.readme.io/docs/ror-data-structure) and
version 1, as files hold them that have one record, a list of them, or an answer of the API.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import requests

from kg import __version__
from kg.errors import BadInput, BadSource, ServiceError
from kg.link.things import Thing
from kg.namespaces import BASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

API: Final = "https://api.ror.org/v2/organizations"
_SECONDS: Final = 30
_LONG: Final = 1
"""Letters that a name has more than: acronyms of one letter name nothing."""


def read(path: Path) -> list[Thing]:
    """The organizations of a file, or of all JSON files in a folder.

    Raises ``BadInput`` if there is none, ``BadSource`` for what is no record of ROR.
    """
    paths = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not paths or not all(one.is_file() for one in paths):
        raise BadInput(f"There is no file of ROR records at {path}.")
    found: list[Thing] = []
    for one in paths:
        try:
            found += map(thing, records(json.loads(one.read_bytes())))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadSource(str(one), None, "this is no record of ROR.") from None
    return found


def asked(name: str, address: str = API) -> list[dict[str, Any]]:
    """What the API answers for a name: records that may be meant, some of which are not.

    Raises ``ServiceError`` if it does not answer, or with something else.
    """
    headers = {"User-Agent": f"china-llm-landscape/{__version__} (+{BASE})"}
    try:
        answer = requests.get(address, {"query": name}, headers=headers, timeout=_SECONDS)
        answer.raise_for_status()
        return list(records(answer.json()))
    except requests.RequestException as error:
        reason = type(error).__name__ if error.response is None else error.response.status_code
        raise ServiceError(f"{address} does not answer as ROR does: {reason}.") from None
    except (ValueError, KeyError, TypeError):
        raise ServiceError(f"{address} does not answer as ROR does.") from None


def records(document: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """The records in a document: itself, those of a list, or the items of an answer."""
    if isinstance(document, dict) and "items" in document:
        document = document["items"]
    for record in document if isinstance(document, list) else [document]:
        record["id"].index("ror.org/")  # ValueError if it is another's
        yield record


def thing(record: dict[str, Any]) -> Thing:
    """The organization of a record, its displayed name first."""
    if "names" in record:
        shown = [n["value"] for n in record["names"] if "ror_display" in n["types"]]
        names = shown + [n["value"] for n in record["names"]]
        places = [place["geonames_details"]["country_code"] for place in record["locations"]]
    else:
        labels = [label["label"] for label in record.get("labels", ())]
        others = (*record.get("aliases", ()), *record.get("acronyms", ()), *labels)
        names = [record["name"], *others]
        places = [record["country"]["country_code"]]
    kept = tuple(dict.fromkeys(name for name in names if len(name) > _LONG))
    return Thing(record["id"], kept, country=next(iter(places), ""))


def unique(found: Iterable[dict[str, Any]]) -> list[Thing]:
    """The organizations of records, each once."""
    return list({thing(record).iri: thing(record) for record in found}.values())
