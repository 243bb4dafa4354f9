"""A whole box on simulated devices, and the demo cloud at the other end of a real broker."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tihuo.api.auth import hash_pin
from tihuo.boards import balance, kiosk, paper, sorting, tonight
from tihuo.cli.demoing import demo_settings
from tihuo.demo import shop
from tihuo.demo.broker import Broker
from tihuo.demo.cloud import BrokerAddress, DemoCloud, Shopper, Wish
from tihuo.demo.players import CustomerPlayer, StaffPlayer
from tihuo.demo.seed import seed_catalog, seed_people, seed_session
from tihuo.demo.simulator import DeviceSimulator
from tihuo.ledger.journal import entries_after
from tihuo.settings import Settings
from tihuo.shop.events import Event
from tihuo.stages import preparing
from tihuo.stages import sorting as stage
from tihuo.timekeeping import system_time
from tihuo.wiring.box import Box, clock
from tihuo.wiring.devices import Fitting

SESSION = "s1"


def environment_of(folder: Path, broker: Broker) -> dict[str, str]:
    """In which `tihuo run`, as a process of its own, serves the house in `folder`."""
    return {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2] / "daemon"),
        "TIHUO_STORE_ID": shop.SHOP_ID,
        "TIHUO_DATA_DIR": str(folder / "shop"),
        "TIHUO_CLOUD__HOST": "127.0.0.1",
        "TIHUO_CLOUD__PORT": str(broker.port),
        "TIHUO_CLOUD__TLS": "false",
        "TIHUO_HTTP__HOST": "127.0.0.1",
        "TIHUO_HTTP__PORT": "0",
        "TIHUO_RECEIPTS_ON_WISH": "false",
    }


class House:
    """One shop on one evening. Everything is real but the devices' hardware and the bank."""

    def __init__(
        self,
        folder: Path,
        broker: Broker,
        *,
        settings: Callable[[Settings], Settings] = lambda s: s,
        cloud_at: BrokerAddress | None = None,
        wall: Callable[[], int] = system_time,
    ) -> None:
        self.wall = wall
        self.folder = folder
        self.broker = broker
        self._cloud_at = cloud_at or BrokerAddress("127.0.0.1", broker.port)
        always = demo_settings(folder, broker.port, 0).model_copy(update={"receipts_on_wish": False})
        self.settings = settings(always)
        self.simulator: DeviceSimulator
        self.box = self._open()
        self.cloud = self._cloud()
        if not self.box.readers.read(tonight.tonight).session_id:
            seed_people(self.do, hash_pin)
            seed_catalog(self.do)
            seed_session(self.do, 1, clock())

    def _open(self) -> Box:
        def simulator(fitting: Fitting) -> DeviceSimulator:
            twins = fitting.simulated
            assert twins is not None
            self.twins = twins
            self.simulator = DeviceSimulator(twins.camera, twins.printers, twins.lights, twins.papers)
            return self.simulator

        box = Box(self.settings, simulator=simulator, wall=self.wall)
        box.start()
        return box

    def _cloud(self) -> DemoCloud:
        cloud = DemoCloud(self._cloud_at, shop.SHOP_ID, folder=self.folder / "cloud", retry=0.5, refund_delay=0.1)
        cloud.start()
        return cloud

    def restart_box(self) -> None:
        """Stop the daemon properly and start it again on the same data."""
        self.box.stop()
        self.box = self._open()

    def do(self, stage: Callable[..., Any], *args: Any, **how: Any) -> Any:
        return self.box.writer.write(stage, *args, **how).result(timeout=30)

    def read(self, board: Callable[..., Any], *args: Any) -> Any:
        return self.box.readers.read(board, *args)

    def journal(self, *kinds: type[Event]) -> list[Any]:
        """The facts of these kinds."""
        entries = self.read(entries_after, 0, 1_000_000)
        return [entry.event for entry in entries if isinstance(entry.event, kinds)]

    def wait(self, what: str, look: Callable[[], Any], seconds: float = 20.0) -> Any:
        """Look until there is something to see; fails the test with `what` was waited for."""
        until = time.monotonic() + seconds
        while not (seen := look()):
            assert time.monotonic() < until, f"waited {seconds} s in vain for: {what}"
            time.sleep(0.01)
        return seen

    def buy(self, person: int = 0, **wanted: int) -> str:
        """Somebody buys in the mini program; gives the order's id."""
        self.wait("what they want is for sale", lambda: self._for_sale(wanted))
        who = shop.CUSTOMERS[person]
        wish = Wish(SESSION, tuple(wanted.items()))
        return self.cloud.buy(Shopper(who.customer_id, who.name, who.phone), wish).order_id

    def _for_sale(self, wanted: dict[str, int]) -> bool:
        left = {offer.sku: offer.left for offer in self.cloud.offers()}
        return all(left.get(sku, 0) >= quantity for sku, quantity in wanted.items())

    def state(self, order_id: str) -> str:
        """The order as its customer sees it."""
        return self.cloud.order(order_id).state

    def wait_for_state(self, order_id: str, *states: str, seconds: float = 20.0) -> None:
        met = self.cloud.wait_until(lambda cloud: cloud.order(order_id).state in states, seconds)
        assert met, f"{order_id} is {self.state(order_id)}, not {states}"

    def sort(self) -> int:
        """Cutoff, a wave, everything put."""
        self.do(preparing.close_session, SESSION)
        wave = self.do(stage.open_wave, SESSION)
        for parcel in self.read(sorting.by_customer, wave, 0, 1000):
            for line in self.read(sorting.parcel_lines, [parcel.parcel_id]):
                if line.wanted > line.put + line.short:
                    self.do(stage.put, parcel.parcel_id, line.sku_id, line.wanted - line.put - line.short)
        return int(wave)

    @property
    def base(self) -> str:
        return f"http://{self.box.addresses[0]}"

    def customer(self) -> CustomerPlayer:
        return CustomerPlayer(self.base, self.box.readers, self.simulator)

    def staff(self) -> StaffPlayer:
        player = StaffPlayer(self.base, self.box.readers, self.simulator)
        player.log_in()
        return player

    def kiosk(self) -> kiosk.KioskPicture:
        found: kiosk.KioskPicture = self.read(kiosk.kiosk_picture, "k1")
        return found

    def trouble(self, part: str) -> str:
        return next(found.trouble for found in self.box.parts() if found.name == part)

    def papers(self) -> dict[str, int]:
        return dict(self.read(paper.paper_counts))

    def imbalances(self) -> dict[str, list[str]]:
        return dict(self.read(balance.imbalances))

    def close(self) -> None:
        self.cloud.stop()
        self.box.stop()
