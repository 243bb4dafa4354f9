"""A chain's broker is three machines (集群), and one of them dies in the middle of a sale, again and again.

The box, the cloud and the broker's nodes are real; each has its certificate, and may use what the shipped files allow.
Orders go on all the time; the node that dies is by turns that of the box and that of the cloud.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

from tests.brokers import Cluster, Guarded, NatsCluster, RabbitCluster
from tests.journeys.house import SESSION, House
from tests.soak.outcome import Outcome, together
from tihuo.boards.orders import orders
from tihuo.cloud.address import LinkTls
from tihuo.cloud.probe import Probe
from tihuo.demo import shop
from tihuo.demo.broker import NoBroker
from tihuo.demo.cloud import CannotSell
from tihuo.demo.players import Crowd
from tihuo.settings import Settings
from tihuo.wiring.box import link_settings

DEATHS = 6
PATIENCE_S = 60.0
CHECKS = 14


def clusters(folder: Path) -> Outcome:
    """The part of `make soak`."""
    outcomes = []
    for kind in (NatsCluster, RabbitCluster):
        try:
            outcomes.append(mid_sale(kind(folder / kind.__name__), DEATHS))
        except NoBroker as missing:
            print(f"clusters: {kind.__name__} skipped: {missing}")
    return together(outcomes)


def mid_sale(cluster: Cluster, deaths: int) -> Outcome:
    """One sale over a cluster that loses a node so many times."""

    def certified(settings: Settings) -> Settings:
        return settings.model_copy(update={"cloud": cluster.box()})

    with cluster:
        outcome = Outcome(kills=deaths, wrong=examine(cluster))
        house = House(cluster.folder / "house", cluster, settings=certified, cloud_at=cluster.cloud)
        try:
            sale = Sale(house)
            with sale:
                for death in range(deaths):
                    sale.goes_on()
                    whose = "box" if death % 2 == 0 else "cloud"
                    cluster.kill(_node_of_box(house) if whose == "box" else house.cloud.wire.node)
                    print(f"  the {whose}'s node is dead; {sale.goes_on():.1f} s until ten more orders are accepted")
                    if death < deaths - 1:
                        cluster.start()
            return sale.agree(outcome)
        finally:
            house.close()


class Sale:
    """Customers who buy, one after the other, for as long as the `with` block runs."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._crowd = Crowd(house.cloud, SESSION, shop.baskets(7))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._buy, name="customers")

    def __enter__(self) -> Sale:
        self._house.wait("everything is for sale", lambda: len(self._house.cloud.offers()) == len(shop.PRODUCTS))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _buy(self) -> None:
        while not self._over.wait(0.05):
            try:
                self._crowd.buy()
            except CannotSell:
                return

    def goes_on(self) -> float:
        """Wait until ten orders that were not there yet have been taken by the box; how many seconds that took."""
        before, began = len(self._crowd.orders), time.monotonic()
        self._house.wait(
            "ten new orders are accepted",
            lambda: sum(self._house.state(order) != "paid" for order in list(self._crowd.orders)[before:]) >= 10,
            PATIENCE_S,
        )
        return time.monotonic() - began

    def agree(self, outcome: Outcome) -> Outcome:
        """When everybody has said everything: is each order in both books, once, and does each book add up?"""
        house, bought = self._house, self._crowd.orders
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and (house.cloud.unacknowledged() or "paid" in map(house.state, bought)):
            time.sleep(0.05)
        taken = {row.order_id: row for row in house.read(orders, SESSION, None, len(bought) * 2)}
        outcome.lost += len(set(bought) - set(taken)) + sum(house.state(order) == "paid" for order in bought)
        outcome.twice += len(set(taken) - set(bought))
        for order in house.cloud.orders():
            row = taken.get(order.order_id)
            if row and row.units != sum(line.quantity for line in order.lines):
                outcome.wrong.append(f"{order.order_id}: the box has {row.units} units")
        outcome.wrong += [f"the box: {name} {rows}" for name, rows in house.imbalances().items()]
        outcome.wrong += [f"the cloud: {oddity}" for oddity in house.cloud.figures().oddities]
        print(f"  {len(bought)} orders, {outcome.kills} nodes killed, {house.box.link.facts().connects} connections")
        return outcome


def examine(broker: Guarded) -> list[str]:
    """What the probe finds in a broker that it should not, or cannot tell apart from another's."""
    box = link_settings("probe", broker.box("probe"))
    cloud = replace(box, tls=LinkTls(broker.pki.ca, *broker.pki.of("cloud")))
    found = Probe(box, cloud, foreign="S02", quiet=0.5).run()
    assert len(found) == CHECKS, found
    return [str(one) for one in found if one.state not in ("ok", "unknown")]


def _node_of_box(house: House) -> tuple[str, int]:
    assert house.box.link is not None
    link = house.box.link
    return house.wait("the box is connected", lambda: link.facts().node, PATIENCE_S)
