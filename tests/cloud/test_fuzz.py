"""Nothing that can be said on the line crashes the box, blocks the stream or disappears.

Good messages are made from the published contract and one place of most of them is broken; a real writer takes them in
on a real file. Whatever came, the next good order is accepted, the ledger balances, every message was done, was a
repeat, or is kept and answered, and all that the box then says is what the contract allows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cloud import contract
from tests.cloud.from_schema import DAMAGE, Damage, broken, data_of, payload_of
from tests.cloud.saying import EPOCH, Sayer
from tests.little_shop import LittleShop, copy_of
from tihuo.cloud import messages
from tihuo.cloud.outbound import envelope_of
from tihuo.ledger.journal import outgoing_after

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("TIHUO_FUZZ", "250"))
KNOWN: dict[str, list[Any]] = {
    "order_id": ["o1", "o2", "o3", "o4"],
    "session_id": ["s1", "s1", "s9"],
    "grant_id": ["g1-1", "g1-2", "g1-3", "g9-9"],
    "sku": ["RICE", "EGGS", "MILK", "GOLD"],
    "line_id": ["l1", "l2"],
    "request_id": ["r1", "r2"],
    "quantity": [1, 2],
    "part": [1, 2],
    "parts": [2],
    "base64": ["YQ==", "Yg==", "?"],
    "epoch": [1, 2, EPOCH, EPOCH + 1],
}
"""What means something in the shop below. Nothing here touches the grant of the buns, which the good order cites."""


@pytest.fixture(scope="module")
def template(seeded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with an order, a request and half a photograph. Copy it, never open it."""
    path = copy_of(seeded_file, tmp_path_factory.mktemp("fuzz") / "template.db")
    shop = LittleShop(path, running=False)
    cloud = Sayer(shop)
    cloud.say("order.placed", cloud.order("o1"))
    request = {"request_id": "r1", "order_id": "o1", "kind": "return", "lines": []}
    cloud.say("aftersales.requested", request)
    cloud.say("aftersales.photo", {"request_id": "r1", "name": "x", "part": 1, "parts": 2, "base64": "YQ=="})
    shop.close()
    return path


DATA = {kind: data_of("down", kind, KNOWN) for kind in contract.types("down") - {"batch"}}


@st.composite
def sayings(draw: st.DrawFn) -> tuple[str, Any, dict[str, Any], list[Damage]]:
    """(type, data, changes of the envelope, where it is broken)"""
    kind = draw(st.sampled_from(sorted(DATA)))
    changes: dict[str, Any] = {}
    if draw(st.integers(0, 9)) == 0:
        changes["epoch"] = draw(st.sampled_from([1, EPOCH - 1, EPOCH + 1, EPOCH + 2**44, 2**52, 2**53 - 1]))
        changes["seq"] = 1
    elif draw(st.integers(0, 9)) == 0:
        changes["seq"] = draw(st.sampled_from([0, 1, 2, 9, 2**53 - 1]))
    if draw(st.integers(0, 9)) == 0:
        changes["id"] = draw(st.sampled_from([f"c{EPOCH}-2", "same", "x" * 64]))
    if draw(st.integers(0, 9)) == 0:
        changes["subject"] = draw(st.sampled_from(["store/S02", "store/", "", None]))
    return kind, draw(DATA[kind]), changes, draw(st.lists(DAMAGE, max_size=2))


def understood(shop: LittleShop, cloud: Sayer) -> tuple[int, int]:
    """As a hello would: go on from where the shop is, which is given back, in a new epoch if it is past ours."""
    epoch, seq = shop.sql("SELECT epoch, seq FROM cursor WHERE name = 'down'")[0]
    if epoch != cloud.epoch:
        cloud.epoch, cloud.seq = epoch + 1, 0
    else:
        cloud.seq = seq
    return epoch, seq


def kept(shop: LittleShop) -> tuple[int, int]:
    """How much the shop holds: facts, and ids of events that it has done."""
    return shop.sql("SELECT (SELECT max(entry) FROM journal), (SELECT count(*) FROM once)")[0]  # type: ignore[return-value]


@settings(
    max_examples=EXAMPLES,
    database=None,
    phases=[Phase.generate],  # to make a failing story smaller would take minutes; it is printed as it is
    suppress_health_check=list(HealthCheck),
)
@given(said=st.lists(sayings(), min_size=8, max_size=12))
def test_no_message_crashes_blocks_or_disappears(
    template: Path, tmp_path_factory: pytest.TempPathFactory, said: list[Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.db"
    for old in path.parent.glob("fuzzed.db*"):
        old.unlink()
    shop = LittleShop(copy_of(template, path), running=False)
    shop.writer._connection.execute("PRAGMA synchronous=OFF")  # what outlives a power cut is proved elsewhere
    try:
        cloud = Sayer(shop)
        for kind, data, changes, breaks in said:
            last = understood(shop, cloud)
            envelope = cloud.envelope(kind, data, **({"seq": 0} if kind in messages.STREAM else {}) | changes)
            for damage in breaks:
                envelope = broken(envelope, damage)
            before = kept(shop)
            heard = cloud.publish(payload_of(envelope))
            accounted(shop, envelope, heard, before, last)
        understood(shop, cloud)
        cloud.say("order.placed", cloud.order("good", "BUNS"))
        assert cloud.answers()[-1] == ("good", "accepted", None)
        assert cloud.balanced()
        said_and_heard = "SELECT seq <= (SELECT max(up_seq) FROM journal) FROM cursor WHERE name = 'up'"
        assert shop.sql(said_and_heard) in ([], [(1,)]), "the cloud has not heard what we never said"
        outgoing_is_allowed(shop)
    finally:
        shop.close()


def accounted(shop: LittleShop, envelope: Any, heard: Any, before: Any, last: tuple[int, int]) -> None:
    """A message left a trace, or it was a repeat, or it will be said again, or it only spoke of the streams."""
    if kept(shop) > before or heard.resend_from is not None or heard.rejected:
        return
    kind, event_id, epoch, seq = (envelope.get(name) for name in ("type", "id", "epoch", "seq"))
    if (epoch == last[0] and seq <= last[1]) or (seq == 0 and str(kind).startswith("stream.")):
        return
    either = "SELECT 1 FROM once WHERE key = ?1 UNION SELECT 1 FROM parked WHERE message_id = ?1"
    known = shop.sql(either, str(event_id))
    if kind == "order.placed" and not known:
        known = shop.sql("SELECT 1 FROM shop_order WHERE order_id = ?", envelope["data"]["order_id"])
    assert known, f"{envelope} disappeared"


def outgoing_is_allowed(shop: LittleShop) -> None:
    with shop.readers.look() as look:
        for entry in outgoing_after(look, 1, 0, 10_000):
            [payload] = messages.encode([envelope_of(entry, look, shop.house, 1)])
            assert contract.faults("up", payload) == []
