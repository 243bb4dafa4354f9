"""The contract as the file says it: whether a payload on a topic is what `daemon/docs/asyncapi.json` allows there.

Nothing of tihuo's own code is asked: the schemas of the file, and a validator that we did not write.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT7

FILE = Path(__file__).parents[2] / "daemon/docs/asyncapi.json"
DOCUMENT: dict[str, Any] = json.loads(FILE.read_text())
_HERE = "urn:tihuo:contract"
_REGISTRY: Registry = Registry().with_resource(_HERE, DRAFT7.create_resource(DOCUMENT))
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _moment(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


@_FORMATS.checks("date", raises=ValueError)
def _day(text: object) -> bool:
    return not isinstance(text, str) or bool(datetime.strptime(text, "%Y-%m-%d"))  # noqa: DTZ007


@cache
def validator(pointer: str) -> Draft7Validator:
    """Of a place in the document: `#/components/messages/state/payload`."""
    return Draft7Validator({"$ref": f"{_HERE}{pointer}"}, registry=_REGISTRY, format_checker=_FORMATS)


def faults(topic: str, payload: bytes) -> list[str]:
    """What is wrong with a payload, in words; empty when it is as it should be. `topic` is its last word."""
    channel = DOCUMENT["channels"].get(topic)
    if channel is None:
        return [f"there is no channel {topic!r}"]
    try:
        said = json.loads(payload)
    except ValueError as error:
        return [f"no JSON: {error}"]
    messages = channel["messages"]
    if topic in messages:
        return _wrong(messages[topic], said)
    envelopes = said if isinstance(said, list) else [said]
    found = [] if 1 <= len(envelopes) <= 20 else [f"{len(envelopes)} envelopes in a PUBLISH"]
    for envelope in envelopes:
        name = envelope.get("type", "") if isinstance(envelope, dict) else ""
        found += _wrong(messages[name], envelope) if name in messages else [f"no such message: {name!r}"]
    return found


def types(topic: str) -> set[str]:
    return set(DOCUMENT["channels"][topic]["messages"])


def _wrong(message: dict[str, str], said: Any) -> list[str]:
    found = validator(f"{message['$ref']}/payload").iter_errors(said)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]
