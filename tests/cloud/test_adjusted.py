"""多退少不补 between shop and cloud: what is billed otherwise is told and paid once, and survives a restore."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.pair import Pair
from tests.conftest import Make
from tests.little_shop import PEOPLE
from tihuo.boards.balance import imbalances
from tihuo.boards.short_picks import waiting
from tihuo.demo.cloud import Shopper, Wish
from tihuo.stages import aftercare, handing_over, preparing, sorting, substituting

pytestmark = pytest.mark.slow

SMALL = preparing.NewSku(code="RICE-2", product="大米", spec="2.5 kg", unit="袋", price_fen=2200)


@pytest.fixture
def pair(make_shop: Make, tmp_path: Path) -> Iterator[Pair]:
    """Rice is sold by weight here, and a smaller bag of it stands on the shelf."""
    both = Pair(tmp_path, make_shop())
    both.shop.do(preparing.keep_sku, SMALL)
    both.shop.do(preparing.receive, "RICE-2", 5)
    both.shop.do(lambda work: work.sql("UPDATE sku SET nominal_grams = 5000 WHERE code = 'RICE'") and None)
    both.settle()
    yield both
    both.close()


def bought(pair: Pair, rule: str, **wanted: int) -> str:
    name, phone = PEOPLE["lin"]
    wish = Wish("s1", tuple(wanted.items()), substitution=rule)  # type: ignore[arg-type]
    order_id = pair.cloud.buy(Shopper("lin", name, phone), wish).order_id
    pair.settle()
    return order_id


def booked(pair: Pair) -> list[tuple[object, ...]]:
    """What the shop knows of money and goods; rights by place."""
    lines = pair.shop.sql(
        "SELECT order_no, line_no, sku_id, quantity, put, short, cancelled, handed_over, picked_grams, billed_grams, "
        "gone_fen, instead_of FROM order_line ORDER BY 1, 2"
    )
    money = pair.shop.sql("SELECT no, refunded_fen, refunds FROM shop_order ORDER BY 1")
    rights = pair.shop.sql("SELECT sku_id, ordered, handed_over, void FROM session_item ORDER BY session_id, sku_id")
    return [*lines, *money, *rights]


def paid_back(pair: Pair, order_id: str) -> int:
    """What the cloud gave back."""
    rows = pair.cloud._book.sql.execute("SELECT sum(amount_fen) FROM refund WHERE order_id = ?", (order_id,))
    return int(rows.fetchone()[0] or 0)


def work_through(pair: Pair) -> None:
    """One bag is short and a smaller one stands in; the other is light."""
    shop = pair.shop
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.short, 1, shop.sku("RICE"), 1)
    (case,) = shop.read(waiting)
    shop.do(substituting.substitute, case.pick_id, shop.sku("RICE-2"))
    shop.do(sorting.put, 1, shop.sku("RICE"), 1, 4900)
    shop.do(sorting.put, 1, shop.sku("RICE-2"), 1)


def test_the_cloud_gives_back_what_the_shop_says_and_finds_nothing_odd(pair: Pair) -> None:
    order_id = bought(pair, "similar", RICE=2)
    work_through(pair)
    pair.settle()
    assert paid_back(pair, order_id) == 1790 + 80
    pair.shop.do(handing_over.hand_over_parcel, 1)
    pair.settle()
    assert pair.disagreements() == []
    assert pair.cloud.order(order_id).state == "handed_over"


def test_a_cancelled_order_is_paid_back_exactly(pair: Pair) -> None:
    order_id = bought(pair, "similar", RICE=2)
    work_through(pair)
    pair.shop.do(aftercare.cancel, 1, "她不要了")
    pair.settle()
    assert paid_back(pair, order_id) == 2 * 3990
    assert pair.disagreements() == []


def test_a_restored_box_knows_again_what_was_weighed_and_what_stands_in(pair: Pair) -> None:
    order_id = bought(pair, "similar", RICE=2)
    backup = pair.back_up()
    work_through(pair)
    pair.settle()
    was = booked(pair)
    pair.put_back(backup)
    pair.settle()
    assert booked(pair) == was
    assert pair.shop.value("SELECT on_hand FROM sku WHERE code = 'RICE-2'") == 4
    assert paid_back(pair, order_id) == 1870
    assert pair.disagreements() == []
    assert not pair.shop.read(imbalances)


def test_what_waited_in_the_backup_is_not_missed_twice(pair: Pair) -> None:
    order_id = bought(pair, "ask", RICE=2)
    pair.shop.do(sorting.open_wave, "s1")
    pair.shop.do(sorting.short, 1, pair.shop.sku("RICE"), 1)
    pair.settle()
    backup = pair.back_up()
    (case,) = pair.shop.read(waiting)
    pair.shop.do(substituting.note_answer, case.pick_id, "no")
    pair.settle()
    was = booked(pair)
    pair.put_back(backup)
    pair.settle()
    assert booked(pair) == was
    assert pair.shop.read(waiting) == []
    assert paid_back(pair, order_id) == 3990
    assert pair.disagreements() == []
    assert not pair.shop.read(imbalances)
