"""The words of the contract: all of them, within their bounds, and whatever else a sender may send."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloud import vocabulary
from tests.cloud.vocabulary import AT, PLACED, enveloped
from tihuo.cloud import down, messages, up
from tihuo.cloud.fields import from_millis, read_rfc3339, rfc3339, to_millis
from tihuo.cloud.messages import Broken, NotUnderstood, decode, encode, pack, parse_down, parse_up


def understood(payload: bytes) -> list[msgspec.Struct]:
    return [parse_down(envelope, "S01") for envelope in decode(payload)]


def raw(**changes: Any) -> dict[str, Any]:
    """The example order as plain JSON; a change of None takes the field away."""
    whole = json.loads(encode([enveloped()])[0])
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def order(**changes: Any) -> bytes:
    return json.dumps(raw(data={**raw()["data"], **changes})).encode()


def why(payload: bytes) -> str:
    with pytest.raises(NotUnderstood) as caught:
        understood(payload)
    return caught.value.reason


@pytest.mark.parametrize("data", vocabulary.DOWN + vocabulary.STREAM, ids=lambda data: type(data).__name__)
def test_whatever_the_cloud_may_say_arrives_as_it_was_said(data: msgspec.Struct) -> None:
    assert understood(encode([enveloped(data)])[0]) == [data]


@pytest.mark.parametrize("data", vocabulary.UP + vocabulary.STREAM, ids=lambda data: type(data).__name__)
def test_whatever_the_store_may_say_arrives_as_it_was_said(data: msgspec.Struct) -> None:
    [envelope] = decode(encode([enveloped(data, source="store/S01")])[0])
    assert parse_up(envelope, "S01") == data


def test_the_examples_leave_no_type_out() -> None:
    said = {messages.type_of(data) for data in (*vocabulary.DOWN, *vocabulary.STREAM)}
    assert said == set(messages._down)
    said = {messages.type_of(data) for data in (*vocabulary.UP, *vocabulary.STREAM)}
    assert said == set(messages._up)


def test_an_envelope_is_a_cloudevent() -> None:
    assert raw() == {
        "specversion": "1.0",
        "id": "c-1",
        "source": "cloud",
        "type": "order.placed",
        "time": "2026-01-01T00:00:00.123000Z",
        "epoch": 1,
        "seq": 1,
        "data": raw()["data"],
    }
    assert raw()["data"]["window"] == {"from": "2026-01-01T00:00:00.123000Z", "to": "2026-01-01T02:00:00.123000Z"}


def test_what_the_contract_adds_later_is_ignored_for_now() -> None:
    [data] = understood(
        json.dumps(raw(traceparent="00-1", data={**raw()["data"], "gift_wrap": {"paper": "red"}})).encode()
    )
    assert data == PLACED


def test_an_order_line_falls_back_to_the_grant_of_the_order() -> None:
    [data] = understood(order(grant_id="G9", lines=[{"line_id": "l1", "sku": "A", "quantity": 1, "unit_price_fen": 0}]))
    assert isinstance(data, down.OrderPlaced)
    assert data.grant_of(data.lines[0]) == "G9"
    assert PLACED.grant_of(PLACED.lines[0]) == "G1"


LINE = {"line_id": "l1", "sku": "A", "quantity": 1, "unit_price_fen": 5}


@pytest.mark.parametrize(
    "changes",
    [
        {"order_id": ""},
        {"order_id": "x" * 65},
        {"order_id": 7},
        {"paid_fen": -1},
        {"paid_fen": 1_000_000_001},
        {"paid_fen": 1.0},
        {"paid_fen": True},
        {"paid_fen": "990"},
        {"lines": []},
        {"lines": [LINE] * 201},
        {"lines": [{**LINE, "quantity": 0}]},
        {"lines": [{**LINE, "quantity": -3}]},
        {"lines": [{**LINE, "quantity": 100_001}]},
        {"lines": [{**LINE, "quantity": 1.5}]},
        {"lines": [{**LINE, "unit_price_fen": None}]},
        {"customer": {"id": "wx", "name": "王" * 121}},
        {"customer": {"id": "wx", "phone": "1" * 33}},
        {"note": "x" * 501},
        {"placed_at": "yesterday"},
        {"placed_at": "2026-01-01T00:00:00"},
        {"placed_at": AT},
        {"window": {"from": "2026-01-01T00:00:00Z"}},
        {"substitution": "whatever"},
    ],
    ids=str,
)
def test_an_order_beyond_the_bounds_is_malformed(changes: dict[str, Any]) -> None:
    assert why(order(**changes)) == "malformed_data"
    [envelope] = decode(order(**changes))
    assert (envelope.id, envelope.epoch, envelope.seq) == ("c-1", 1, 1)


def test_the_largest_order_allowed_is_understood() -> None:
    [data] = understood(order(lines=[{**LINE, "line_id": f"l{n}", "quantity": 100_000} for n in range(200)]))
    assert isinstance(data, down.OrderPlaced)
    assert len(data.lines) == 200


def test_each_misunderstanding_has_its_reason() -> None:
    assert why(b"") == "malformed_json"
    assert why(b'{"specversion": ') == "malformed_json"
    assert why(b"\xff\xfe") == "malformed_json"
    assert why(b"[" * 100_000) == "malformed_json"
    assert why(b"[]") == "not_an_envelope"
    assert why(b'"hello"') == "not_an_envelope"
    assert why(json.dumps(raw(specversion="0.3")).encode()) == "not_an_envelope"
    assert why(json.dumps(raw(seq=-1)).encode()) == "not_an_envelope"
    assert why(json.dumps(raw(epoch=2**60)).encode()) == "not_an_envelope"
    assert why(json.dumps(raw(id="")).encode()) == "not_an_envelope"
    assert why(json.dumps(raw(type="weather.changed")).encode()) == "unknown_type"
    assert why(json.dumps(raw(type="order.accepted")).encode()) == "unknown_type"  # only a store says that
    assert why(json.dumps(raw(subject="store/S02")).encode()) == "wrong_store"
    assert why(json.dumps(raw(source="store/S02")).encode()) == "wrong_store"
    assert why(order(note="x" * 70_000)) == "oversized"
    assert why(b"[" + b"{}," * 30_000 + b"{}]") == "oversized"


def test_a_damaged_piece_of_a_batch_keeps_its_place_and_spoils_no_other() -> None:
    good = raw()
    pieces = [good, {**good, "seq": 2, "id": "c-2", "time": "noon"}, {**good, "seq": 3, "id": "c-3"}, 17]
    first, damaged, third, nonsense = decode(json.dumps(pieces).encode())
    assert parse_down(first) == parse_down(third) == PLACED
    assert isinstance(damaged, Broken)
    assert (damaged.id, damaged.epoch, damaged.seq, damaged.reason) == ("c-2", 1, 2, "not_an_envelope")
    assert json.loads(bytes(damaged.data))["time"] == "noon"
    assert isinstance(nonsense, Broken)
    assert (nonsense.epoch, nonsense.seq) == (0, 0)
    assert nonsense.id == decode(b" 17")[0].id, "the same nonsense has the same name"


def test_a_message_that_is_too_large_keeps_its_place_too() -> None:
    [envelope] = decode(order(note="x" * 3_000_000))
    assert isinstance(envelope, Broken)
    assert (envelope.id, envelope.epoch, envelope.seq, envelope.reason) == ("c-1", 1, 1, "oversized")
    assert len(bytes(envelope.data)) == 4000


def test_many_envelopes_travel_in_few_payloads_in_order() -> None:
    said = [enveloped(seq=n) for n in range(1, 46)]
    payloads = encode(said)
    assert [len(decode(payload)) for payload in payloads] == [20, 20, 5]
    assert [envelope.seq for payload in payloads for envelope in decode(payload)] == list(range(1, 46))


def test_one_envelope_travels_as_itself_and_none_as_nothing() -> None:
    assert encode([enveloped()])[0].startswith(b'{"specversion"')
    assert encode([]) == []


@given(st.lists(st.integers(1, messages.MAX_PUBLISH - 2), max_size=80))
def test_no_payload_is_larger_than_a_publish_may_be(sizes: list[int]) -> None:
    payloads = pack(b"1" * size for size in sizes)
    assert all(len(payload) <= messages.MAX_PUBLISH for payload in payloads)
    assert b",".join(payload.strip(b"[]") for payload in payloads) == b",".join(b"1" * size for size in sizes)
    assert all(payload.count(b",") < messages.MAX_BATCH for payload in payloads)


def test_an_envelope_that_fits_nowhere_is_not_sent() -> None:
    with pytest.raises(ValueError, match="larger than"):
        pack([b"x" * messages.MAX_PUBLISH])


def only_misunderstandings(payload: bytes) -> None:
    try:
        envelopes = decode(payload)
    except NotUnderstood:
        return
    assert envelopes
    for envelope in envelopes:
        assert envelope.id
        for parse in (parse_down, parse_up):
            try:
                parse(envelope, "S01")
            except NotUnderstood as fault:
                assert fault.id == envelope.id  # noqa: PT017


WORDS = st.sampled_from(sorted({*messages._down, *messages._up, *raw(), *raw()["data"], "1.0", "cloud"}))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=30,
)


@given(st.binary(max_size=300))
def test_no_bytes_break_us(payload: bytes) -> None:
    only_misunderstandings(payload)


@given(JSON)
def test_no_json_breaks_us(value: Any) -> None:
    only_misunderstandings(json.dumps(value).encode())
    only_misunderstandings(json.dumps(raw(data=value)).encode())
    only_misunderstandings(json.dumps([raw(), {**raw(), "type": "order.cancelled", "epoch": value}]).encode())


@given(st.sampled_from((*vocabulary.DOWN, *vocabulary.UP, *vocabulary.STREAM)), st.data())
def test_no_damage_on_the_way_breaks_us(data: msgspec.Struct, draw: st.DataObject) -> None:
    payload = bytearray(encode([enveloped(data), enveloped(data, seq=2)][: draw.draw(st.integers(1, 2))])[0])
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(payload)))
        payload[at : at + draw.draw(st.integers(0, 12))] = draw.draw(st.binary(max_size=6))
    only_misunderstandings(bytes(payload))


@given(st.integers(0, 253_402_300_799_999))
def test_a_time_comes_back_to_the_millisecond(millis: int) -> None:
    assert to_millis(from_millis(millis)) == millis
    assert read_rfc3339(rfc3339(millis)) == millis


def test_times_are_read_in_any_offset_and_written_in_utc() -> None:
    assert rfc3339(AT) == "2026-01-01T00:00:00.123Z"
    assert read_rfc3339("2026-01-01T08:00:00.123+08:00") == AT
    for nonsense in ("", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"):
        with pytest.raises(ValueError):
            read_rfc3339(nonsense)


def test_the_topics_without_envelopes_are_checked_too() -> None:
    counter = down.Traffic("LIVE-1", "video", "product_click:SKU-1", from_millis(AT), 12)
    assert messages.read_traffic(messages.write(counter)) == counter
    picture = up.State(9, from_millis(AT), (up.StateItem("SKU-1", "LIVE-1", 5, 3, 2, 8, 9),))
    assert messages.read_state(messages.write(picture)) == picture
    beat = up.Presence(True, from_millis(AT), "0.1.0", 4)
    assert messages.read_presence(messages.write(beat)) == beat
    for payload, reason in (
        (messages.write(counter).replace(b"product_click", b"sold"), "malformed_data"),
        (b"{", "malformed_json"),
        (b" " * 100_000, "oversized"),
    ):
        with pytest.raises(NotUnderstood) as caught:
            messages.read_traffic(payload)
        assert caught.value.reason == reason
