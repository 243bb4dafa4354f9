"""The schedules can fail: each of these mistakes, planted into the product, is found within so many evenings."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.soak import rules
from tests.soak.schedules import fresh, play, shortened, stage, story_of
from tihuo.cloud.messages import Envelope, NotUnderstood, decode, encode
from tihuo.cloud.outbound import envelope_of
from tihuo.cloud.relay import Relay
from tihuo.ledger.journal import Entry, cursor, move_cursor
from tihuo.ledger.writer import Writer
from tihuo.shop import short_picks
from tihuo.shop.events import GrantIssued
from tihuo.shop.work import Work
from tihuo.stages import handing_over, selling

pytestmark = pytest.mark.slow

WITHIN = 150
Patch = pytest.MonkeyPatch


def found(saying: str, within: int = WITHIN) -> bool:
    """Whether an evening goes wrong in these words, within so many."""
    with stage() as (folder, template):
        for seed in range(within):
            with fresh(folder) as place:
                played = play(story_of(seed), place, template)
            if saying in played.what:
                return True
    return False


def _envelopes(payload: bytes) -> list[Envelope]:
    try:
        return [envelope for envelope in decode(payload) if envelope.seq]
    except NotUnderstood:
        return []


def test_the_broker_told_before_the_commit(monkeypatch: Patch) -> None:
    hear = Relay.hear

    def early(self: Relay, payload: bytes, delivery: Any) -> None:
        delivery.ack()
        hear(self, payload, delivery)

    monkeypatch.setattr(Relay, "hear", early)
    assert found("told before the commit")


def test_the_cloud_told_before_the_commit(monkeypatch: Patch) -> None:
    hear = Relay.hear

    def early(self: Relay, payload: bytes, delivery: Any) -> None:
        for envelope in _envelopes(payload):
            self._received = max(self._received or (0, 0), (envelope.epoch, envelope.seq))
        hear(self, payload, delivery)

    monkeypatch.setattr(Relay, "hear", early)
    assert found("the cloud may forget")


def test_the_word_of_the_broker_taken_for_the_cloud_s(monkeypatch: Patch) -> None:
    step = Relay.step

    def believing(self: Relay) -> bool:
        more = step(self)
        if self._said:
            self._writer.write(move_cursor, "up", self._epoch, self._said)
        return more

    monkeypatch.setattr(Relay, "step", believing)
    assert found("the box may forget")


def test_a_gap_that_nobody_minds(monkeypatch: Patch) -> None:
    hear = Relay.hear

    def skip(work: Work, envelopes: list[Envelope]) -> None:
        for envelope in envelopes:
            epoch, last = cursor(work, "down")
            if envelope.epoch == epoch and envelope.seq > last + 1:
                move_cursor(work, "down", epoch, envelope.seq - 1)

    def careless(self: Relay, payload: bytes, delivery: Any) -> None:
        self._writer.write(skip, _envelopes(payload))
        hear(self, payload, delivery)

    monkeypatch.setattr(Relay, "hear", careless)
    assert found("Wrong: lost")


def test_a_tap_that_counts_twice(monkeypatch: Patch) -> None:
    write = Writer.write

    def forgetful(self: Writer, function: Any, *args: Any, once: str | None = None, **how: Any) -> Any:
        return write(self, function, *args, **how)

    monkeypatch.setattr(Writer, "write", forgetful)
    assert found("Wrong: twice")


def test_a_grant_told_before_it_is_kept(monkeypatch: Patch) -> None:
    """The crash then forgets it, and a second one is issued with a number of its own."""
    append = Writer._append
    relays: dict[Writer, Relay] = {}
    begin = Relay.__init__

    def remembered(self: Relay, writer: Writer, *args: Any, **how: Any) -> None:
        begin(self, writer, *args, **how)
        relays[writer] = self
        writer._connection.execute("UPDATE keep SET value = value + 1 WHERE name = 'grants'")

    def early(self: Writer, moment: Any) -> None:
        seq = self._up_seq
        append(self, moment)
        relay = relays.get(self)
        if relay is None:  # the template's
            return
        for _, event, _ in moment.events:
            seq += event.goes_to_cloud
            if isinstance(event, GrantIssued):
                with relay._readers.look() as look:
                    entry = Entry(0, moment.now, "box", event, seq)
                    envelope = envelope_of(entry, look, relay._house, relay._epoch)
                for payload in encode([envelope]):
                    relay._link.publish("up", payload)

    monkeypatch.setattr(Relay, "__init__", remembered)
    monkeypatch.setattr(Writer, "_append", early)
    assert found("the box says None")


def test_rights_reclaimed_by_the_shop_s_own_clock(monkeypatch: Patch) -> None:
    def reclaim(work: Work) -> int:
        late = work.sql("SELECT id FROM stock_grant WHERE state = 'open' AND sell_until <= ?", (work.now,)).fetchall()
        for (grant_id,) in late:
            selling.close_grant(work, grant_id)
        return len(late)

    monkeypatch.setattr(handing_over, "ask_again", reclaim)
    assert found("Wrong: oversold")


def test_units_refunded_that_were_never_paid(monkeypatch: Patch) -> None:
    """A refund of what did not come is told to be a fen more than what was booked."""
    take = short_picks.take_refund

    def generous(work: Work, order_no: int, order_id: str, refunds: int, amount_fen: int) -> Any:
        refund = take(work, order_no, order_id, refunds, amount_fen)
        return msgspec.structs.replace(refund, amount_fen=refund.amount_fen + 1)

    monkeypatch.setattr(short_picks, "take_refund", generous)
    assert found("Wrong: books")


def test_a_story_is_shortened_to_what_matters(monkeypatch: Patch) -> None:
    story = [("flow", 1), ("cut", 0), ("crash_box", 0), ("wait", 1), ("flow", 2)]

    def broken(world: Any, pick: Any) -> None:
        if world.crashes and not world.air.box_hears:
            raise ValueError("it breaks")

    monkeypatch.setitem(rules.RULES, "wait", broken)
    with stage() as (folder, template):
        assert shortened(story, "books", folder, template) == [("cut", 0), ("crash_box", 0), ("wait", 1)]
