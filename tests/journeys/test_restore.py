"""A backup is put back in the middle of a session: what the cloud knows comes home, and nothing happens twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.house import SESSION, House
from tihuo.cli.copies import make_copy, put_back
from tihuo.ledger.database import Look
from tihuo.shop.fence import standing
from tihuo.shop.words import Refusal
from tihuo.stages import handing_over, preparing, selling, sorting

pytestmark = pytest.mark.broker


class Restored:
    """A house whose box can be put back to a backup."""

    def __init__(self, house: House, backups: Path) -> None:
        self.house = house
        self.backups = backups

    def back_up(self, name: str = "backup") -> Path:
        return make_copy(self.house.settings, self.backups / f"{name}.db")[0]

    def put_back(self, backup: Path, *, blind: bool = False) -> None:
        """Stop the box, restore, start it; `blind` takes away what the replaced database could tell."""
        house = self.house
        house.box.stop()
        if blind:
            house.settings.database.write_bytes(b"a worn-out card")
        put_back(house.settings, backup)
        house.box = house._open()

    def wait_for_the_fence(self) -> None:
        self.house.wait("the fence is lifted", lambda: self.house.read(standing) is None, 40)

    def rows(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        return list(self.house.read(lambda look: look.rows(statement, parameters)))

    def settle(self) -> None:
        """Both sides have heard each other out."""
        house = self.house
        house.wait("the cloud is heard out", lambda: not house.cloud.unacknowledged(), 30)
        house.wait("the cloud has heard all", lambda: house.read(_all_said), 30)

    def agree(self) -> None:
        """The ledger balances, the cloud finds nothing odd, and both know the same of every grant and order."""
        self.settle()
        house = self.house
        assert house.imbalances() == {}
        figures = house.cloud.figures()
        assert figures.oddities == ()
        mine = {row[0]: row[1:] for row in self.rows("SELECT id, issued, remaining, returned FROM stock_grant")}
        theirs = {
            grant.grant_id: (grant.quantity, grant.remaining, grant.returned)
            for grant in house.cloud.grants()
            if not grant.closed
        }
        assert {name: mine[name] for name in theirs} == theirs
        for order in house.cloud.orders():
            lines = self.rows(
                "SELECT l.line_id, l.quantity, l.short, l.cancelled, l.handed_over FROM order_line l "
                "JOIN shop_order o ON o.no = l.order_no WHERE o.order_id = ? ORDER BY l.line_id",
                order.order_id,
            )
            assert lines == [
                (line.line_id, line.quantity, line.short, line.cancelled, line.handed_over) for line in order.lines
            ]


def _all_said(look: Look) -> bool:
    row = look.one(
        "SELECT (SELECT max(up_seq) FROM journal WHERE up_epoch = k.value) IS NOT NULL AND (SELECT max(up_seq) FROM "
        "journal WHERE up_epoch = k.value) <= c.seq OR (SELECT count(*) FROM journal WHERE up_epoch = k.value) = 0 "
        "FROM keep k, cursor c WHERE k.name = 'epoch' AND c.name = 'up' AND c.epoch = k.value"
    )
    return bool(row and row[0])


@pytest.fixture
def restored(house: House, tmp_path: Path) -> Restored:
    backups = tmp_path / "backups"
    backups.mkdir()
    return Restored(house, backups)


def an_evening(restored: Restored) -> tuple[Path, dict[str, str]]:
    """Orders, a backup, and then everything that can happen to an order; gives the backup and orders by their fate."""
    house = restored.house
    before = [house.buy(person, tudou=1) for person in range(3)]
    for order in before:
        house.wait_for_state(order, "accepted")
    backup = restored.back_up()
    fates = {"before": before[0], "before_taken": before[1]}
    fates["sold"] = house.buy(4, tudou=2, jidan=1)
    fates["taken"] = house.buy(5, tudou=1, niunai=1)
    fates["half_taken"] = house.buy(6, tudou=1, niunai=1)
    fates["cancelled"] = house.buy(7, tudou=3)
    fates["short"] = house.buy(8, tudou=1, jidan=2)
    for order in fates.values():
        house.wait_for_state(order, "accepted")
    house.cloud.cancel(fates["cancelled"])
    house.wait_for_state(fates["cancelled"], "cancelled")
    for person in range(9, 14):  # until the first grant runs low and is filled up
        house.wait_for_state(house.buy(person, tudou=2), "accepted")
    house.do(selling.sell_walk_in, SESSION, "tudou", 1)
    house.do(preparing.close_session, SESSION)
    wave = house.do(sorting.open_wave, SESSION)
    short_line = restored.rows(
        "SELECT l.parcel_id, l.sku_id FROM order_line l JOIN shop_order o ON o.no = l.order_no JOIN sku s "
        "ON s.id = l.sku_id WHERE o.order_id = ? AND s.code = 'jidan'",
        fates["short"],
    )[0]
    house.do(sorting.short, *short_line, 1)
    for parcel, sku, units in restored.rows(
        "SELECT l.parcel_id, l.sku_id, sum(l.quantity - l.put - l.short - l.cancelled) AS units FROM order_line l "
        "JOIN parcel p ON p.id = l.parcel_id WHERE p.wave_id = ? GROUP BY 1, 2 HAVING units > 0",
        wave,
    ):
        house.do(sorting.put, parcel, sku, units)
    for name in ("before", "before_taken", "taken", "half_taken", "short"):
        house.wait_for_state(fates[name], "ready")
    for name in ("before_taken", "taken"):
        house.do(handing_over.hand_over_by_code, house.cloud.order(fates[name]).code)
        house.wait_for_state(fates[name], "handed_over")
    parcels = house.cloud.order(fates["half_taken"]).parcels
    house.do(handing_over.hand_over_parcel, int(parcels[0][0].removeprefix("p")))
    house.wait_for_state(fates["half_taken"], "partly_handed_over")
    restored.settle()
    return backup, fates


@pytest.mark.parametrize("blind", [False, True], ids=["the old database can be read", "the old database is gone"])
def test_an_old_backup_in_the_middle_of_an_evening_ends_where_the_evening_was(restored: Restored, blind: bool) -> None:
    house = restored.house
    backup, fates = an_evening(restored)
    shelf = "SELECT id, customer_id, zone, slot, state FROM parcel ORDER BY id"
    lines = "SELECT order_no, line_no, put, short, cancelled, handed_over, parcel_id FROM order_line ORDER BY 1, 2"
    taken = "SELECT order_no, line_no, parcel_id, quantity, method, at FROM handover_line ORDER BY 1, 2"
    rights = "SELECT sku_id, granted, ordered, quarantine, handed_over - walk_in FROM session_item ORDER BY 1"
    was = [restored.rows(statement) for statement in (shelf, lines, taken, rights)]
    codes = {order.order_id: order.code for order in house.cloud.orders()}

    restored.put_back(backup, blind=blind)
    restored.wait_for_the_fence()
    restored.agree()

    assert [restored.rows(statement) for statement in (shelf, lines, taken, rights)] == was
    assert {order.order_id: order.code for order in house.cloud.orders()} == codes
    for name in ("before_taken", "taken"):
        with pytest.raises(Refusal, match="already_collected"):
            house.do(handing_over.hand_over_by_code, codes[fates[name]])
    for name in ("before", "sold", "half_taken", "short"):
        house.do(handing_over.hand_over_by_code, codes[fates[name]])
        house.wait_for_state(fates[name], "handed_over")
    with pytest.raises(Refusal, match="cancelled"):
        house.do(handing_over.hand_over_by_code, codes[fates["cancelled"]])
    restored.agree()


def test_a_restored_box_waits_for_a_broker_that_is_away_and_then_sells_on(restored: Restored) -> None:
    house = restored.house
    sold = [house.buy(person, tudou=1) for person in range(3)]
    for order in sold:
        house.wait_for_state(order, "accepted")
    backup = restored.back_up()
    for person in range(3, 8):
        sold.append(house.buy(person, tudou=2))
        house.wait_for_state(sold[-1], "accepted")
    restored.settle()
    house.broker.kill()
    restored.put_back(backup, blind=True)
    assert house.trouble("restore") == "restoring"
    with pytest.raises(Refusal, match="restoring"):
        house.do(selling.sell_walk_in, SESSION, "tudou", 1)
    with pytest.raises(Refusal, match="restoring"):
        house.do(preparing.close_session, SESSION)
    house.restart_box()
    assert house.trouble("restore") == "restoring", "a restart must not open the fence"
    house.broker.start()
    restored.wait_for_the_fence()
    house.wait("the banner is gone", lambda: not house.trouble("restore"))
    later = house.buy(9, tudou=1)
    house.wait_for_state(later, "accepted", seconds=40)
    assert house.cloud.order(later).code not in {house.cloud.order(order).code for order in sold}
    restored.agree()
