"""Messages made from the published contract: good ones out of its schemas, and the same with one place broken."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

from tests.cloud.contract import DOCUMENT

DEEP = "@deep@"
"""Stands for brackets within brackets, deeper than any reader goes."""
TIMES = ["2026-11-22T12:00:00Z", "1970-01-01T00:00:00+08:00", "0001-01-01T00:00:00+14:00",
         "9999-12-31T23:59:59.999999-12:00", "2999-12-31T00:00:00.5Z"]  # fmt: skip
WORDS = ["", " ", "x", "王小明😀", "\x00", "a\x00b", "\ud800", "'; --", "x" * 64, "%_", "ﷺ\u202e", "0"]
WRONG = [None, True, False, -1, 0, 1, 2**53 - 1, 2**53, 2**63, -(2**63), 2**70, 1.5, 1e308, "", "x" * 65, "x" * 501,
         "x" * 61_000, "\x00", "\ud800", "王", [], {}, [None], {"": ""}, [[[]]], DEEP, *TIMES]  # fmt: skip


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        place: Any = DOCUMENT
        for step in schema["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        schema = place
    return schema


def strategy(schema: dict[str, Any], known: dict[str, list[Any]], name: str = "") -> st.SearchStrategy[Any]:
    """Values that a schema allows. `known` gives a field the values that mean something to the shop, beside others."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return st.one_of([strategy(one, known, name) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    made = _made(schema, known)
    if name in known:
        return st.sampled_from(known[name]) | made
    return made


def _made(schema: dict[str, Any], known: dict[str, list[Any]]) -> st.SearchStrategy[Any]:
    match schema.get("type"):
        case "object":
            fields = {name: strategy(inner, known, name) for name, inner in schema["properties"].items()}
            needed = {name: fields.pop(name) for name in schema["required"]}
            return st.fixed_dictionaries(needed, optional=fields)
        case "array":
            least = schema.get("minItems", 0)
            return st.lists(strategy(schema["items"], known), min_size=least, max_size=least + 2)
        case "string" if schema.get("format") == "date-time":
            return st.sampled_from(TIMES)
        case "string":
            least, most = schema.get("minLength", 0), schema.get("maxLength", 64)
            fitting = [word for word in WORDS if least <= len(word) <= most] or ["0" * least]
            return st.sampled_from(fitting)
        case "integer":
            least, most = schema["minimum"], schema["maximum"]
            return st.sampled_from(sorted({least, least + 1, most})) | st.integers(least, min(most, least + 9))
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return st.sampled_from([None, 1, "x", {}, []])


def data_of(topic: str, kind: str, known: dict[str, list[Any]]) -> st.SearchStrategy[Any]:
    """Good `data` of a type of message."""
    message = resolved(DOCUMENT["channels"][topic]["messages"][kind])
    return strategy(message["payload"]["allOf"][1]["properties"]["data"], known)


Damage = tuple[int, int]
DAMAGE: st.SearchStrategy[Damage] = st.tuples(st.integers(0, 199), st.integers(-4, len(WRONG) - 1))
"""(which place, what stands there instead); a negative one takes it out."""


def broken(whole: dict[str, Any], damage: Damage) -> dict[str, Any]:
    """The same with one place taken out or put wrong, anywhere in it."""
    damaged = copy.deepcopy(whole)
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], dict | list):
                walk(value[key])

    walk(damaged)
    where, key = places[damage[0] % len(places)]
    if damage[1] < 0:
        del where[key]
    else:
        where[key] = WRONG[damage[1]]
    return damaged


def payload_of(said: Any) -> bytes:
    deep = b"[" * 5000 + b"]" * 5000
    return json.dumps(said).encode().replace(json.dumps(DEEP).encode(), deep)
