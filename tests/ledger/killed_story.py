"""An evening that is cut off by kill -9 at any statement. Run by `test_killed.py` as a program of its own.

    python -m tests.ledger.killed_story TEMPLATE FOLDER

It loads everything once, then forks a child for each line on its standard input. `whole` plays the evening to its end
and says how many moments there are to die at. A number n plays it on a fresh copy of the template and dies at moment n,
with SIGKILL and nothing else. Each answer that the writer gives is told at once: `yes <key>`, unbuffered, from where
the writer gives it, so the parent knows exactly what was acknowledged.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from tests.little_shop import LittleShop, copy_of
from tihuo.ledger.database import Look
from tihuo.shop import arrival, paper
from tihuo.shop.orders import NewLine, NewOrder
from tihuo.shop.pickups import code_for
from tihuo.shop.work import Work, rows_of
from tihuo.stages import caring, handing_over, preparing, receipting, receiving, selling, sorting, undoing

Wish = tuple[Callable[..., Any], tuple[Any, ...]]
SCANS = (sorting.scan_item, handing_over.check_in, handing_over.hand_over_by_code)
VM_STEPS = 400
"""Besides each statement, a moment to die at is each so many instructions inside one."""


def order(number: int, customer: str, **wanted: int) -> Wish:
    grants = {"RICE": "g1-1", "EGGS": "g1-2", "MILK": "g1-3", "BUNS": "g1-4"}
    lines = tuple(NewLine(f"l{n}", sku, count, 1000, grants[sku]) for n, (sku, count) in enumerate(wanted.items()))
    new = NewOrder(
        order_id=f"o{number}",
        session_id="s1",
        channel="mini_program",
        placed_at=1,
        paid_at=1,
        customer_id=customer,
        customer_name="林小树",
        customer_phone="19900001001",
        window=None,
        lines=lines,
        paid_fen=sum(line.quantity * 1000 for line in lines),
    )
    return selling.accept_order, (new,)


def put_the_rest(work: Work) -> int:
    """Everything of the wave that is still wanted, in one transaction."""
    rows = work.sql(
        "SELECT parcel_id, sku_id, sum(quantity - put - short - cancelled) AS units FROM order_line "
        "WHERE parcel_id IS NOT NULL GROUP BY parcel_id, sku_id HAVING units > 0"
    ).fetchall()
    for row in rows:
        sorting.put(work, *row)
    return len(rows)


def close_what_came(work: Work) -> None:
    """The delivery as it was counted: what did not come, customers go without."""
    seen = arrival.fingerprint(arrival.plan(rows_of(work), 1))
    receiving.close_delivery(work, 1, seen, {})


def evening(shop: LittleShop) -> list[list[Wish]]:
    """What is asked for; the wishes of one list come together."""
    rice, eggs, milk = (shop.sku(code) for code in ("RICE", "EGGS", "MILK"))
    codes = {number: code_for("S01", number, shop.house.code_key) for number in range(1, 8)}
    return [
        [order(1, "lin", RICE=2, MILK=1), order(2, "ou", EGGS=3), order(3, "lin", RICE=99), order(1, "lin", RICE=2)],
        [(preparing.receive, ("EGGS", 4)), (selling.sell_walk_in, ("s1", "EGGS", 1)), order(4, "zhao", BUNS=2, EGGS=1)],
        [(selling.cancel_order, ("o2", "changed her mind")), (selling.take_back, ("g1-3", 2)), order(5, "ou", MILK=4)],
        [(preparing.close_session, ("s1",)), (selling.close_grant, ("g1-4",)), (sorting.open_wave, ("s1",))],
        [(receiving.open_delivery, ("s1", "")), (receiving.count, (1, "MILK", 9, "good", "B7", "2027-02-01"))],
        [(receiving.count, (1, "BUNS", 1)), (receiving.count, (1, "BUNS", 1)), (receiving.undo_count, (3,))],
        [(close_what_came, ())],
        [(sorting.scan_item, ("station", "6901234567892")), (sorting.put, (1, rice, 2)), (sorting.put, (1, rice, 1))],
        [(sorting.undo_put, (1, rice, 1)), (sorting.damage, (1, rice, 1)), (sorting.put, (1, rice, 1))],
        [(sorting.short, (2, milk, 1)), (sorting.damage, (3, eggs, 1)), (put_the_rest, ())],
        [(handing_over.check_in, ("k1", codes[1])), (handing_over.hand_over, (1, [1])), (paper.reprint, (1,))],
        [(handing_over.hand_over_by_code, (codes[4],)), (handing_over.hand_over_by_code, (codes[4],))],
        [(undoing.undo_hand_over, (1, "mistake", 1)), (undoing.undo_hand_over, (1, "mistake", 1))],
        [(undoing.put_right, (1, 4)), (undoing.settle_astray, (1, True))],
        [
            (caring.report_missing, (1, {rice: 1}, "refund_only", "not there")),
            (caring.bring_back, (4, {1: 1}, "void", "x")),
        ],
        [(handing_over.hand_over_by_code, (codes[1],)), (caring.settle_missing, (1, False))],
        [(receipting.of_handover, (2,)), (handing_over.call_staff, ("k1",))],
        [(handing_over.check_in, ("k1", codes[5])), (handing_over.ask_again, ()), (handing_over.leave, (2,))],
    ]


def play(shop: LittleShop, said: Callable[[str], None] = lambda key: None) -> Iterator[None]:
    """The evening from its beginning, or once more: what was done already is answered from memory. A commit a step."""
    for number, wishes in enumerate(evening(shop), 1):
        shop.clock.now = number * 1000
        for place, (function, args) in enumerate(wishes):
            key = f"{number}.{place}"
            answer = shop.writer.write(function, *args, once=key, urgent=function in SCANS)
            answer.add_done_callback(partial(lambda key, _: said(key), key))
        while shop.writer.step(0):
            yield


def contents(look: Look) -> bytes:
    """Every row of every table."""
    names = [name for (name,) in look.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return msgspec.json.encode({name: sorted(look.rows(f"SELECT * FROM {name}"), key=repr) for name in names})


class Death:
    """Counts the moments, and is the end at the one that was asked for."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.moments = 0

    def moment(self, *_: object) -> None:
        self.moments += 1
        if self.moments == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def live(template: Path, path: Path, at: int) -> None:
    """One child's life."""
    shop = LittleShop(copy_of(template, path), running=False)
    death = Death(at)

    def watch(work: Work) -> None:
        work.connection.set_trace_callback(death.moment)  # type: ignore[attr-defined]
        work.connection.set_progress_handler(death.moment, VM_STEPS)  # type: ignore[attr-defined]

    def said(key: str) -> None:
        death.moment()  # committed, and nobody told yet
        os.write(1, f"yes {key}\n".encode())

    shop.do(watch)
    for _ in play(shop, said):
        death.moment()
    os.write(1, f"moments {death.moments}\n".encode())


def main() -> None:
    template, folder = Path(sys.argv[1]), Path(sys.argv[2])
    for line in sys.stdin:
        at = 0 if line.strip() == "whole" else int(line)
        child = os.fork()
        if not child:
            live(template, folder / f"{at}.db", at)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        os.write(1, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
