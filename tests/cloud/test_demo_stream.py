"""Both streams between a store and the demo cloud, stepped by hand over lines that lose, double and overtake."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.cloud.evening import Evening, connected
from tests.cloud.store_stub import StoreStub
from tihuo.cloud import down, stream, up
from tihuo.cloud.fields import Refund
from tihuo.cloud.messages import Envelope, decode, encode, parse_down
from tihuo.demo.cloud import Mischief, Shopper


def test_an_order_is_placed_accepted_and_its_code_is_on_the_phone() -> None:
    evening = connected()
    order_id = evening.buy("A", 3)
    evening.settle()
    order = evening.cloud.order(order_id)
    assert (order.state, order.code, order.short_code) == ("accepted", f"TH1:S01:{order_id}", "00000001")
    assert (order.paid_fen, [line.quantity for line in order.lines]) == (2970, [3])
    evening.check()


@given(
    st.integers(0, 10_000),
    st.tuples(st.floats(0, 0.4), st.floats(0, 0.5), st.floats(0, 0.5)),
    st.tuples(st.floats(0, 0.4), st.floats(0, 0.5), st.floats(0, 0.5)),
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 4), st.integers(0, 8)), max_size=15),
)
@example(1060, (0.25, 0.0, 0.0), (0.0, 0.0, 0.0), [("A", 1, 1), ("A", 1, 1), ("A", 1, 0)])  # hello lost, then a gap
@examples(max_examples=60)
def test_over_any_bad_line_everything_happens_once_and_in_order(
    seed: int,
    bad_out: tuple[float, float, float],
    bad_in: tuple[float, float, float],
    shopping: list[tuple[str, int, int]],
) -> None:
    evening = Evening(Mischief(*bad_out, seed=seed), Mischief(*bad_in, seed=seed + 1))
    evening.store.open_session({"A": 20, "B": 5})
    evening.connect()
    for n, (sku, quantity, turns) in enumerate(shopping):
        left = {offer.sku: offer.left for offer in evening.cloud.offers()}
        if left.get(sku, 0) >= quantity:
            evening.buy(sku, quantity, Shopper(f"wx-{n}", "somebody"))
        evening.turn(turns)
        if n % 5 == 4:
            evening.connect()
    evening.settle()
    evening.check()


def said(evening: Evening) -> list[Envelope]:
    return [envelope for payload in evening.cloud.due(evening.clock + 60) for envelope in decode(payload)]


def test_a_repeat_is_acknowledged_and_changes_nothing() -> None:
    evening = connected()
    [old] = encode([evening.store._envelope(evening.store.outbox[0], 1)])
    evening.cloud.heard("up", old)
    [answer] = said(evening)
    assert parse_down(answer) == stream.Ack(1, 3)


def test_an_event_that_comes_again_under_another_number_has_its_effect_once() -> None:
    evening = connected()
    order_id = evening.buy("A", 2)
    evening.settle()
    for n in (1, 2):
        short = up.OrderShort(order_id, (up.ShortLine("l1", 1),), Refund("short-1", 990))
        event = msgspec.structs.replace(evening.store._envelope(short, len(evening.store.outbox) + n), id="same")
        evening.cloud.heard("up", encode([event])[0])
    assert evening.cloud.order(order_id).lines[0].short == 1
    [answer] = said(evening)
    assert parse_down(answer) == stream.Ack(1, len(evening.store.outbox) + 2)


def test_a_gap_is_not_applied_but_asked_for() -> None:
    evening = connected()
    later = evening.store._envelope(up.GrantRevokeRequested("G1", 1), 6)
    evening.cloud.heard("up", encode([later])[0])
    assert [parse_down(envelope) for envelope in said(evening)] == [stream.Ack(1, 3), stream.Resend(4)]
    assert evening.cloud.grants()[0].returned == 0


def test_what_the_store_asks_for_is_said_again() -> None:
    evening = connected()
    for _ in range(3):
        evening.buy()
    evening.settle()
    evening.cloud.heard("up", encode([evening.store._envelope(stream.Resend(2), 0)])[0])
    assert [envelope.seq for envelope in said(evening)] == [2, 3]


def test_what_is_bought_while_the_line_is_down_arrives_when_it_is_back() -> None:
    evening = connected()
    deaf = Mischief(drop=1.0)
    evening.outgoing, evening.incoming = deaf, deaf
    bought = [evening.buy("A", 2) for _ in range(15)]
    evening.turn(300)
    assert {evening.cloud.order(order_id).state for order_id in bought} == {"paid"}
    evening.outgoing = evening.incoming = Mischief()
    evening.connect()
    evening.settle()
    assert {evening.cloud.order(order_id).state for order_id in bought} == {"accepted"}
    evening.check()


def test_without_an_answer_the_pauses_grow() -> None:
    evening = connected()
    evening.outgoing = Mischief(drop=1.0)
    evening.buy()
    tries = []
    for _ in range(600):
        evening.clock += 0.1
        tries += [evening.clock] * len(evening.cloud.due(evening.clock))
    pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert 4 <= len(tries) <= 10
    assert pauses[-1] > 4 * pauses[0]


def test_the_same_id_under_a_new_number_is_the_same_event() -> None:
    evening = connected()
    evening.buy("B", 5)
    evening.cloud.repeat_last_order()
    evening.settle()
    assert list(evening.store.orders.values()) == ["accepted"]
    assert evening.store.heard[1] == 2
    evening.check()


@pytest.mark.parametrize("kind", ["unknown_type", "bad_data"])
def test_nonsense_in_the_stream_is_answered_and_blocks_nothing(kind: str) -> None:
    evening = connected()
    nonsense = evening.cloud.send_garbage(kind)  # type: ignore[arg-type]
    order_id = evening.buy()
    evening.settle()
    evening.turn(3)
    assert [fault[0] for fault in evening.cloud.rejections()] == [nonsense]
    assert evening.cloud.order(order_id).state == "accepted"


def test_an_order_that_the_store_cannot_read_is_paid_back() -> None:
    evening = connected()
    order_id = evening.buy("A", 2)
    evening.cloud._book.sql.execute("UPDATE outbox SET data = x'7b7d' WHERE type = 'order.placed'")
    evening.settle()
    evening.turn(20)
    order = evening.cloud.order(order_id)
    assert order.state == "rejected"
    assert [(refund.amount_fen, refund.state) for refund in order.refunds] == [(1980, "succeeded")]
    assert any(isinstance(fate, down.RefundSettled) for fate in evening.store.fates)
    assert evening.cloud.figures().not_taken == 2


def test_a_store_that_says_nonsense_hears_of_it() -> None:
    evening = connected()
    only_a_cloud_says_that = evening.store._envelope(down.GrantReturned("G1", 1), len(evening.store.outbox) + 1)
    astray = msgspec.structs.replace(only_a_cloud_says_that, id="astray", seq=0, source="store/S02")
    evening.cloud.heard("up", b"{")
    evening.cloud.heard("up", b"[" + b",".join(encode([astray]) + encode([only_a_cloud_says_that])) + b"]")
    evening.turn()
    assert evening.store.complaints == ["malformed_json", "wrong_store", "unknown_type"]


def test_a_cloud_that_lost_its_memory_begins_a_new_epoch_and_is_understood() -> None:
    evening = connected()
    evening.buy("A", 2)
    evening.settle()
    evening.store.clock_ms += 60_000
    old_epoch = evening.store.heard[0]
    evening.cloud = evening.new_cloud()
    evening.connect()
    evening.settle()
    order_id = evening.buy("B", 1)
    evening.settle()
    assert evening.store.heard[0] > old_epoch
    assert evening.store.heard[1] == 1
    assert evening.store.orders[order_id] == "accepted"
    assert len(set(evening.store.orders)) == 2


def test_a_cloud_with_an_old_copy_of_its_memory_notices_and_begins_anew() -> None:
    evening = connected()
    old_copy = evening.cloud
    evening.store.heard = (old_copy._stream.epoch, 7)  # as if it had said seven things that the copy does not know
    order_id = evening.buy("B", 1)
    evening.connect()
    evening.settle()
    assert evening.store.heard == (old_copy._stream.epoch, 1)
    assert evening.cloud.order(order_id).state == "accepted"


def test_a_store_that_lost_its_memory_hears_everything_again() -> None:
    evening = connected()
    order_id = evening.buy("A", 2)
    evening.settle()
    fresh = StoreStub(epoch=2, clock_ms=evening.store.clock_ms)
    fresh.granted, fresh.sku_of = {"G1": 30, "G2": 5}, {"G1": "A", "G2": "B"}
    evening.store = fresh
    evening.connect()
    evening.settle()
    assert fresh.orders == {order_id: "accepted"}


def test_what_a_store_said_before_it_lost_its_memory_counts_no_more() -> None:
    evening = connected()
    for quantity in (1, 2):
        evening.buy("A", quantity)
    [late] = encode([evening.store._envelope(stream.Ack(evening.cloud._stream.epoch, 2), 0)])
    restored = StoreStub(epoch=evening.store.epoch + 1)
    restored.connected()
    for payload in restored.due(evening.clock):
        evening.cloud.heard("up", payload)
    evening.cloud.heard("up", late)
    assert evening.cloud.unacknowledged() == 2
