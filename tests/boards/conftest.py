"""An evening in full swing: something of everything that a board can show."""

from __future__ import annotations

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUSE, ITEMS, LittleShop
from tihuo.boards import arrival
from tihuo.shop import paper, staff
from tihuo.shop.arrival import Choice
from tihuo.shop.refunds import settle_refund
from tihuo.shop.work import Work
from tihuo.stages import (
    adjusting,
    caring,
    counting,
    handing_over,
    printing,
    queueing,
    receiving,
    selling,
    sorting,
    welcoming,
)


def park(work: Work) -> None:
    work.sql(
        "INSERT INTO parked(message_id, reason, detail, payload, at) VALUES ('m7', 'unknown_type', 'x', '{}', ?)",
        (work.now,),
    )


def miss_and_weigh(work: Work) -> None:
    """One unit of o1 waits for a decision, and rice is sold by weight."""
    work.sql(
        "INSERT INTO short_pick(order_no, line_no, quantity, reason, rule, state, opened_by, opened_at, due_at, calls, "
        "answer, answered_by, refund_id, refund_fen, settled_by) "
        "VALUES (1, 1, 1, 'short', 'similar', 'open', '小李', ?, 0, 0, '', '', '', 0, '')",
        (work.now,),
    )
    work.sql("UPDATE sku SET nominal_grams = 5000 WHERE code = 'RICE'")


def nobody_comes(work: Work) -> None:
    """lin is to be called, her rice was not collected, and o7 of zhao should be ready."""
    work.sql("UPDATE reminder SET state = 'call', why = 'failed' WHERE order_no = 1")
    work.sql("UPDATE uncollected SET step = 'task', due_at = ?1, limit_at = ?1 WHERE parcel_id = 1", (work.now,))
    work.sql("INSERT INTO no_show(order_no, customer_id, at, forgiven_until) VALUES (1, 'lin', ?, 0)", (work.now,))
    work.sql("UPDATE shop_order SET window_from = ? WHERE order_id = 'o7'", (work.now,))


def deliver(shop: LittleShop) -> None:
    """Delivery 1 brought five bags of rice more than anybody asked for; all else comes another day."""
    delivery = shop.do(receiving.open_delivery, "s1", "")
    shop.do(receiving.count, delivery, "RICE", 5, "good", "B7", "2027-02-01")
    seen = shop.read(arrival.preview, delivery)
    later = {row.plan.sku: Choice(policy="later") for row in seen.rows}
    shop.do(receiving.close_delivery, delivery, seen.seen, later)


@pytest.fixture
def evening(make_shop: Make) -> LittleShop:
    """Of session `s1`, in which `lin`, `zhao` and `ou` bought:

    o1 lin: ready, partly handed over    o2 zhao: collected    o3 ou: being sorted    o4 lin: short, nothing left
    o5 zhao: cancelled    o6 ou: refused    o7 zhao: waits for a wave
    zhao is not content with the rice of o2; the refund of o4 failed.
    Slots A01 lin (1), A02 zhao (3), A03 ou (4), C01 lin (2); kiosk k1 welcomes lin, k2 knows no such code.
    """
    shop = make_shop(house=msgspec.structs.replace(HOUSE, numbers=True, kiosks=("k1", "k2")))
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sell("o2", "zhao", RICE=1, EGGS=1)
    shop.sell("o3", "ou", RICE=3)
    shop.sell("o4", "lin", EGGS=1)
    shop.sell("o5", "zhao", BUNS=1)
    shop.do(selling.cancel_order, "o5", "changed her mind")
    assert shop.sell("o6", "ou", RICE=99) == "refused"
    shop.do(sorting.open_wave, "s1")
    rice, eggs, milk = (shop.sku(code) for code in ("RICE", "EGGS", "MILK"))
    for parcel, sku, units in ((1, rice, 2), (2, milk, 1), (3, rice, 1), (3, eggs, 1), (4, rice, 1)):
        shop.do(sorting.put, parcel, sku, units)
    shop.do(sorting.short, 1, eggs, 1)
    shop.do(sorting.scan_item, "table 1", "6901234567892", actor="小李")
    shop.do(sorting.scan_item, "table 2", "4006381333931", actor="小李")
    shop.sell("o7", "zhao", BUNS=2)
    shop.plan("s2", msgspec.structs.replace(ITEMS[2], quantity=5))
    shop.clock.tick(60_000)
    shop.do(handing_over.hand_over_by_code, shop.code("o2"), actor="小李")
    shop.do(handing_over.hand_over_parcel, 1, {rice: 1})
    shop.do(handing_over.check_in, "k1", shop.code("o1"))
    shop.do(handing_over.check_in, "k2", "12345678")
    shop.do(handing_over.call_staff, "k1")
    shop.do(welcoming.note_screen, "k1")
    shop.do(welcoming.write_lines, {"zh": "周二有鲜奶", "en": ""})
    for job, state in ((1, "printed"), (2, "doubtful")):
        shop.do(paper.moved, job, ("queued",), state, "printer_silent" if state == "doubtful" else "")
    shop.do(paper.queue, "test", "test:1", {"text": "测试"})
    shop.do(printing.print_slots, "frozen")
    shop.do(paper.take, shop.do(printing.try_printer, "test", "receipt", "58 mm"), "receipt")
    shop.do(paper.keep_profile, "receipt", "AB")
    shop.do(paper.moved, shop.do(paper.queue, "test", "test:2", {}), ("queued",), "cancelled", "not_drawable: KeyError")
    shop.do(park)
    shop.do(caring.request_aftersales, "r1", "o2", "return", [("o2-1", 1)], "the bag was open")
    shop.do(caring.keep_photo, "r1", "a.jpg", 1, 1, b"a photograph")
    shop.do(settle_refund, "o4-r1", "failed", shop.clock.now)
    shop.do(staff.keep_user, "小李", "staff", "hash")
    shop.do(queueing.take_by_code, shop.code("o1"))
    shop.do(miss_and_weigh)
    shop.do(nobody_comes)
    deliver(shop)
    shop.do(adjusting.correct, "MILK", 1, "more", "", "", "", b"a photograph")
    shop.do(counting.count_type, shop.do(counting.open_count, "all"), "RICE", 20)
    return shop
