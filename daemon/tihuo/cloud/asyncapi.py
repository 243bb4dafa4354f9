"""The contract as an AsyncAPI 3 document, made from the structs that check every message.

    python -m tihuo.cloud.asyncapi > daemon/docs/asyncapi.json

A type, a field or a bound that is added to `messages`, `down`, `up` or `stream` is in the document by itself; a test
holds the kept file to it, and the journeys validate what really crossed the wire against the file.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from tihuo.cloud import down, up
from tihuo.cloud.messages import DOWN, MAX_BATCH, STREAM, UP, Envelope

SCHEMAS = "#/components/schemas/"
_EVENT = {"type": "integer", "minimum": 1, "description": "Its place in the stream: 1, 2, 3 … without gaps."}
_CONTROL = {"const": 0, "description": "Outside the sequence."}
_TOPICS = {  # topic -> (direction as the store sees it, what it is)
    "down": ("receive", "What the cloud says to one store: one ordered stream."),
    "up": ("send", "What one store says to the cloud: one ordered stream."),
    "state": ("send", "The latest picture of the stock: last value wins, never older than `version`."),
    "presence": ("send", "The store's heartbeat, every 30 seconds."),
    "traffic": ("receive", "Counters of a live session: the total of a minute, so a repeat overwrites and never adds."),
}
_PICTURES: dict[str, type[msgspec.Struct]] = {"state": up.State, "presence": up.Presence, "traffic": down.Traffic}


def document() -> dict[str, Any]:
    """The whole contract, version 1."""
    streams = {"down": {**DOWN, **STREAM}, "up": {**UP, **STREAM}}
    shapes: list[type[msgspec.Struct]] = [Envelope, *DOWN.values(), *UP.values(), *STREAM.values(), *_PICTURES.values()]
    reference_of, schemas = _schemas(shapes)
    messages: dict[str, Any] = {}
    for topic, types in streams.items():
        for name, shape in types.items():
            messages[f"{topic}.{name}"] = _enveloped(name, shape, reference_of[shape])
        messages[f"{topic}.batch"] = _batch(topic, types)
    for topic, shape in _PICTURES.items():
        messages[topic] = {"summary": _summary(shape), "payload": reference_of[shape]}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "tihuo 提货: one shop's box and its cloud",
            "version": "1.0.0",
            "description": "What crosses MQTT 3.1.1, QoS 1, between the box of a shop (the store) and whatever sells "
            "for it (the cloud). `docs/stream.md` says how nothing is lost or applied twice, `docs/allocation.md` how "
            "nothing is oversold. Money is integer fen, a quantity a positive integer of the SKU's unit, a time UTC.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, what, messages) for topic, (_, what) in _TOPICS.items()},
        "operations": {
            topic: {
                "action": action,
                "channel": {"$ref": f"#/channels/{topic}"},
                "bindings": {"mqtt": {"qos": 1, "retain": False}},
            }
            for topic, (action, _) in _TOPICS.items()
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def text() -> str:
    """The document as the file keeps it."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=1).decode() + "\n"


def _channel(topic: str, what: str, messages: Mapping[str, Any]) -> dict[str, Any]:
    mine = [name for name in messages if name == topic or name.startswith(f"{topic}.")]
    return {
        "address": f"{{prefix}}/{{store}}/{topic}",
        "description": what,
        "parameters": {
            "prefix": {"description": "Configurable.", "default": "tihuo/v1"},
            "store": {"description": "The id of the store: letters, digits, `_` and `-`."},
        },
        "messages": {name.removeprefix(f"{topic}."): {"$ref": f"#/components/messages/{name}"} for name in mine},
    }


def _enveloped(name: str, shape: type[msgspec.Struct], data: dict[str, Any]) -> dict[str, Any]:
    place = _CONTROL if name in STREAM else _EVENT
    return {
        "name": name,
        "summary": _summary(shape),
        "contentType": "application/cloudevents+json",
        "payload": {
            "allOf": [
                {"$ref": f"{SCHEMAS}Envelope"},
                {"type": "object", "properties": {"type": {"const": name}, "seq": place, "data": data}},
            ]
        },
    }


def _batch(topic: str, types: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": "batch",
        "summary": "Several of them in one PUBLISH, in their order.",
        "contentType": "application/cloudevents-batch+json",
        "payload": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_BATCH,
            "items": {"anyOf": [{"$ref": f"#/components/messages/{topic}.{name}/payload"} for name in types]},
        },
    }


def _summary(shape: type[msgspec.Struct]) -> str:
    """The first line of its own docstring; structs without one are named well enough."""
    said = shape.__doc__ if "__doc__" in vars(shape) else None
    return inspect.cleandoc(said).splitlines()[0] if said else shape.__name__


def _schemas(shapes: list[type[msgspec.Struct]]) -> tuple[dict[type[msgspec.Struct], Any], dict[str, Any]]:
    """How each struct is referred to, and every schema by its name. Two structs of one name bear their modules' names:
    `down.OrderCancelled` says as much as the whole path."""
    described = msgspec.json.schema_components(shapes, ref_template=f"{SCHEMAS}{{name}}")
    references, schemas = msgspec.json.decode(msgspec.json.encode(described).replace(b"tihuo.cloud.", b""))
    for schema in schemas.values():
        if "description" in schema:  # Python 3.13 takes the indent out of docstrings, 3.11 does not
            schema["description"] = inspect.cleandoc(schema["description"])
    return dict(zip(shapes, references, strict=True)), schemas


if __name__ == "__main__":
    sys.stdout.write(text())
