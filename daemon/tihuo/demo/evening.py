"""One whole evening without a person, through the same doors as in a shop, told as it happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tihuo.boards import balance, calls, kiosk, orders, paper, sorting, stock, tonight, windows
from tihuo.demo.cloud import DemoCloud
from tihuo.demo.players import Crowd, CustomerPlayer, Refused, StaffPlayer, wait_for
from tihuo.demo.seed import Do
from tihuo.demo.shop import baskets, product
from tihuo.ledger.database import Readers
from tihuo.shop.words import mask_name
from tihuo.stages import preparing, scheduling

if TYPE_CHECKING:
    from tihuo.demo.simulator import DeviceSimulator

ORDERS = 48
HALF_HOUR_MS = 1_800_000
SCARCE = {"lanmei": 4, "caomei": 6}
"""Bestsellers that run out, so that somebody is turned away."""
Say = Callable[[str], None]


class Evening:
    """From the first order to the last parcel. `play` gives what is wrong at the end; nothing is good."""

    def __init__(
        self,
        say: Say,
        base: str,
        session_id: str,
        cloud: DemoCloud,
        simulator: DeviceSimulator,
        readers: Readers,
        do: Do,
    ) -> None:
        self._say = say
        self._session = session_id
        self._cloud = cloud
        self._readers = readers
        self._do = do
        self._crowd = Crowd(cloud, session_id, baskets(7))
        self._staff = StaffPlayer(base, readers, simulator)
        self._customer = CustomerPlayer(base, readers, simulator)
        self._first_served: tuple[str, str] | None = None

    def play(self) -> list[str]:
        self._live()
        self._cutoff()
        wave = self._sort()
        self._remind()
        self._pick_up()
        self._wait_for_paper_and_cloud()
        return self._what_is_wrong(wave)

    def _live(self) -> None:
        self._say("直播 · live")
        wait_for("everything is for sale in the mini program", self._for_sale)
        begins = self._readers.read(tonight.tonight).window_from
        self._do(scheduling.add_windows, self._session, begins, begins + 4 * HALF_HOUR_MS, 12, HALF_HOUR_MS)
        self._cloud.wait_until(lambda cloud: bool(cloud.windows(self._session)), 10)
        while len(self._crowd.orders) < ORDERS:
            order_id = self._crowd.buy()
            if order_id is not None:
                self._answered(order_id)
        regretted = self._crowd.orders[5]
        self._cloud.cancel(regretted)
        self._cloud.wait_until(lambda cloud: cloud.order(regretted).state == "cancelled", 20)
        evening = self._readers.read(tonight.tonight)
        self._say(
            f"  {evening.orders} orders accepted, {evening.refused} refused, {evening.cancelled} cancelled, "
            f"{self._crowd.turned_away} customers turned away by the mini program: sold out; "
            f"¥{evening.paid_fen / 100:.2f}"
        )
        last = self._cloud.order(self._crowd.orders[-1])
        self._say(f"  the last one: {mask_name(last.name)}, code {last.code}, digits {last.short_code}")

    def _for_sale(self) -> bool:
        offers = self._cloud.offers()
        return bool(offers) and all(offer.left for offer in offers)

    def _answered(self, order_id: str) -> None:
        self._cloud.wait_until(lambda cloud: cloud.order(order_id).state != "paid", 20)

    def _cutoff(self) -> None:
        self._say("截单 · cutoff")
        for grant in self._cloud.grants():
            if grant.remaining:
                self._cloud.give_back(grant.grant_id, grant.remaining)
        self._do(preparing.close_session, self._session)
        wait_for("the cloud's rights came home", lambda: not any(row.granted for row in self._items()))
        self._say("  the cloud gave back what it had not sold; the session is closed")

    def _sort(self) -> int:
        self._say("分拣 · sorting")
        self._staff.log_in()
        wave = self._staff.open_wave(self._session)
        picture = self._readers.read(sorting.waves)[0]
        self._say(f"  {self._staff.name} opened wave {wave}: {picture.parcels} parcels, {picture.units} units")
        rows = self._readers.read(sorting.by_product, wave)
        for number, row in enumerate(rows):
            if number == 0:
                lit = self._staff.hold_item(product(row.sku).barcode)
                self._say(f"  camera: {row.name} -> lamps {', '.join(sorted(lit))}")
            self._staff.scan(product(row.sku).barcode)
            wants = self._readers.read(sorting.station_picture, self._staff.name).wants
            for place, want in enumerate(wants):
                left = want.left
                if number == 3 and place == 0:
                    self._staff.damage(want.parcel_id, row.sku_id, 1)
                    self._say(f"  坏 damaged: one {row.name} at {want.slot}")
                    left = self._left(want.parcel_id, row.sku_id)
                if number == 6 and place == 0:
                    self._staff.short(want.parcel_id, row.sku_id, 1)
                    self._say(f"  缺 short: one {row.name} for {want.slot}, refunded")
                    left -= 1
                if left:
                    self._staff.put(want.parcel_id, row.sku_id, left)
        done = self._readers.read(sorting.waves)[0]
        self._say(f"  wave {wave} is {done.state}: {done.units_put} units put, {done.units_short} short")
        return wave

    def _left(self, parcel: int, sku: int) -> int:
        lines = self._readers.read(sorting.parcel_lines, [parcel])
        return sum(line.wanted - line.put - line.short for line in lines if line.sku_id == sku)

    def _remind(self) -> None:
        """The first windows run already or come soon: who comes then is reminded as soon as her parcels are ready."""
        self._say("到店提醒 · reminders")
        loads = self._readers.read(windows.window_loads, self._session)
        self._say(f"  customers by window: {', '.join(f'{row.customers} of {row.capacity}' for row in loads)}")
        wait_for("every customer is reminded or on the call list", self._all_told)
        told = [state for _, state in self._cloud.reminders()]
        waiting = self._readers.read(calls.call_list)
        self._say(f"  {told.count('sent')} orders reminded by the cloud, {len(waiting)} customers to be called")
        if waiting:
            first = waiting[0]
            self._staff.call(first.order_no, "reached")
            self._say(f"  {self._staff.name} calls {first.name} {first.phone}, slots {first.slots}: {first.why}")

    def _all_told(self) -> bool:
        return not self._readers.read(calls.reminders_left, time.time_ns() // 1_000_000)

    def _pick_up(self) -> None:
        self._say("自提 · pickup")
        wrong = self._customer.show("TH1:ELSEWHERE:1:AAAAAAAAAAAAAAAA")
        self._say(f"  a code of another shop: {wrong.state}")
        self._customer.leave()
        for number, order_id in enumerate(self._crowd.orders):
            order = self._cloud.order(order_id)
            if self._progress(order_id) != "ready":
                continue
            if number % 9 == 4:
                self._staff.hand_over(order.code)
                self._say(f"  {mask_name(order.name)}: handed over at the counter")
                continue
            picture = (
                self._customer.type_digits(order.short_code) if number % 7 == 3 else self._customer.show(order.code)
            )
            self._customer.lamps_blink(picture)
            self._take(picture, order.name, in_two=number % 11 == 2, receipt=number % 3 == 0)
            self._first_served = self._first_served or (order.code, order.name)
        assert self._first_served is not None
        code, name = self._first_served
        self._say(f"  {mask_name(name)} comes again: {self._customer.show(code).state}")
        self._customer.leave()

    def _take(self, picture: kiosk.KioskPicture, name: str, *, in_two: bool, receipt: bool) -> None:
        mine = [parcel.parcel_id for parcel in picture.parcels if not parcel.taken]
        slots = ", ".join(parcel.slot for parcel in picture.parcels if not parcel.taken)
        if in_two and len(mine) > 1:
            part = self._customer.take(picture, mine[:1])
            self._say(f"  {mask_name(name)}: {slots} -> takes one: {part.state}")
            mine = mine[1:]
        done = self._customer.take(picture, mine)
        if receipt:
            self._customer.ask_for_receipt()
        self._say(f"  {mask_name(name)}: {slots} -> {done.state}{', 小票 a receipt, please' if receipt else ''}")
        self._customer.leave()

    def _progress(self, order_id: str) -> str:
        found = self._readers.read(orders.find_orders, order_id)
        return found[0].progress if found else ""

    def _wait_for_paper_and_cloud(self) -> None:
        wait_for(
            "every label and receipt came out", lambda: set(self._readers.read(paper.paper_counts)) <= _AT_REST, 60
        )
        self._cloud.wait_until(lambda cloud: all(cloud.order(o).state in _ENDS for o in self._crowd.orders), 30)
        self._cloud.wait_until(lambda cloud: not cloud.unacknowledged(), 10)

    def _items(self) -> list[stock.ItemRow]:
        return self._readers.read(stock.session_items, self._session)

    def _what_is_wrong(self, wave: int) -> list[str]:
        self._say("复盘 · review")
        evening = self._readers.read(tonight.tonight)
        counts = self._readers.read(paper.paper_counts)
        cloud = self._cloud.figures()
        items = self._items()
        self._say(
            f"  units: {evening.units} ordered, {evening.units_handed_over} handed over, {evening.units_short} short"
        )
        self._say(f"  paid ¥{evening.paid_fen / 100:.2f}, given back ¥{evening.refunded_fen / 100:.2f}")
        self._say(f"  paper: {', '.join(f'{count} {state}' for state, count in sorted(counts.items()))}")
        self._say(f"  cloud: {', '.join(f'{count} {state}' for state, count in sorted(cloud.orders.items()))}")
        wrong = [
            f"the ledger does not balance: {name} {rows}"
            for name, rows in self._readers.read(balance.imbalances).items()
        ]
        wrong += [f"the cloud's books: {oddity}" for oddity in cloud.oddities]
        states = {order: self._cloud.order(order).state for order in self._crowd.orders}
        wrong += [f"order {order} ended as {state}" for order, state in states.items() if state not in _ENDS]
        if evening.units != evening.units_handed_over + evening.units_short:
            wrong.append("a unit is neither handed over nor short")
        if any(row.ordered or row.granted or row.free for row in items):
            wrong.append("a right is still ordered, granted or free after the evening")
        rows = self._readers.read(sorting.by_product, wave)
        if sum(row.wanted for row in rows) != evening.units:
            wrong.append("the sorting view and the orders count differently")
        if set(counts) != {"printed"}:
            wrong.append(f"paper is not all printed: {counts}")
        self._say("  the ledger balances" if not wrong else "\n".join(f"  WRONG: {line}" for line in wrong))
        return wrong


_ENDS = {"handed_over", "cancelled", "refused", "short"}
_AT_REST = {"printed", "doubtful", "cancelled"}
__all__ = ["Evening", "Refused"]
