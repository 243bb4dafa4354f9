"""The published contract: a proper AsyncAPI document, the same as the code, and as strict as the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator

from tests.cloud import contract, vocabulary
from tests.cloud.vocabulary import enveloped
from tihuo.cloud import asyncapi, down, messages, up
from tihuo.cloud.fields import from_millis
from tihuo.cloud.messages import encode

OFFICIAL = Path(__file__).parents[2] / "web/node_modules/@asyncapi/specs/schemas/3.0.0.json"
SAID = [("down", data) for data in vocabulary.DOWN + vocabulary.STREAM] + [
    ("up", data) for data in vocabulary.UP + vocabulary.STREAM
]


def test_the_file_says_what_the_code_does() -> None:
    assert contract.FILE.read_text() == asyncapi.text(), "python -m tihuo.cloud.asyncapi > daemon/docs/asyncapi.json"


def test_it_is_a_proper_asyncapi_document() -> None:
    if not OFFICIAL.is_file():
        pytest.skip("AsyncAPI's own schema is not installed: python web/build.py --dev")
    schema = json.loads(OFFICIAL.read_text())
    official = Draft7Validator(schema)
    wrong = [f"{error.json_path}: {error.message[:200]}" for error in official.iter_errors(contract.DOCUMENT)]
    assert wrong == []
    broken = contract.DOCUMENT | {"channels": {"down": {"adress": "x"}}}
    assert list(official.iter_errors(broken)), "it finds a mistake"


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for inner in value.values() for found in references(inner)]
        return [found for inner in value for found in references(inner)] if isinstance(value, list) else []

    for reference in references(contract.DOCUMENT):
        place: Any = contract.DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_every_type_is_published_in_both_directions() -> None:
    assert contract.types("down") == {*messages.DOWN, *messages.STREAM, "batch"}
    assert contract.types("up") == {*messages.UP, *messages.STREAM, "batch"}


@pytest.mark.parametrize(("topic", "data"), SAID, ids=lambda one: one if isinstance(one, str) else type(one).__name__)
def test_what_either_side_may_say_is_allowed(topic: str, data: msgspec.Struct) -> None:
    seq = 0 if type(data) in messages.STREAM.values() else 1
    [payload] = encode([enveloped(data, seq=seq, id="e-1")])
    assert contract.faults(topic, payload) == []
    assert contract.faults(topic, b"[" + payload + b"]") == []


def test_the_pictures_are_allowed() -> None:
    now = from_millis(vocabulary.AT)
    state = up.State(9, now, (up.StateItem("SKU-1", "LIVE-1", 5, 3, 2, 8, 9),))
    assert contract.faults("state", messages.write(state)) == []
    assert contract.faults("presence", messages.write(up.Presence(True, now, "0.1.0", 4))) == []
    counter = down.Traffic("LIVE-1", "video", "product_click:SKU-1", now, 12)
    assert contract.faults("traffic", messages.write(counter)) == []
    assert contract.faults("traffic", messages.write(msgspec.structs.replace(counter, metric="sold")))


def whole(**changes: Any) -> bytes:
    said = json.loads(encode([enveloped()])[0])
    return json.dumps(said | changes | {"data": said["data"] | changes.get("data", {})}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"seq": 0},
        {"epoch": 0},
        {"id": ""},
        {"time": "noon"},
        {"type": "order.accepted"},
        {"data": {"paid_fen": -1}},
        {"data": {"lines": []}},
        {"data": {"placed_at": "2026-01-01T00:00:00"}},
        {"data": {"customer": None}},
    ],
    ids=str,
)
def test_what_the_code_would_not_understand_is_not_allowed(changes: dict[str, Any]) -> None:
    assert contract.faults("down", whole()) == []
    assert contract.faults("down", whole(**changes))


def test_a_message_on_the_wrong_topic_is_not_allowed() -> None:
    assert contract.faults("up", whole())
    assert contract.faults("sideways", whole())
    assert contract.faults("down", b"[]")
    assert contract.faults("down", b"{")
