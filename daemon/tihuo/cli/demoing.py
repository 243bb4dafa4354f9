"""`tihuo demo`: a whole shop on this machine, with a broker and a cloud of its own."""

from __future__ import annotations

import logging
import random
import shutil
import signal
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tihuo.api.auth import hash_pin
from tihuo.boards.people import users
from tihuo.boards.stock import sessions
from tihuo.cli.saying import OK, UNUSABLE, WRONG, say
from tihuo.demo import shop
from tihuo.demo.broker import Broker, NoBroker
from tihuo.demo.cloud import BrokerAddress, CannotSell, DemoCloud
from tihuo.demo.evening import SCARCE, Evening
from tihuo.demo.players import Crowd, GaveUp, Refused
from tihuo.demo.seed import PEOPLE, seed_catalog, seed_people, seed_session
from tihuo.demo.simulator import DeviceSimulator
from tihuo.settings import CameraChoice, ClockChoice, Cloud, Http, Lights, PrinterChoice, Printers, Settings, ShelfUnit
from tihuo.wiring.box import Box, clock
from tihuo.wiring.devices import Fitting

FIRST_ORDERS = 12
PAUSES_S = (3.0, 8.0)


def play(folder: Path, *, port: int, once: bool, fast: bool) -> int:
    """Start everything, play, stop everything in reverse; gives the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    folder = folder.resolve()
    if once:
        folder = folder / "once"
        shutil.rmtree(folder, ignore_errors=True)
    try:
        with ExitStack() as running:
            return _play(folder, running, port=0 if once else port, once=once, fast=fast)
    except NoBroker as trouble:
        say(str(trouble))
        return UNUSABLE
    except KeyboardInterrupt:
        say("\nStopped.")
        return OK


def _play(folder: Path, running: ExitStack, *, port: int, once: bool, fast: bool) -> int:
    broker = Broker(folder / "broker")
    running.callback(broker.stop)
    broker.start()
    simulators: list[DeviceSimulator] = []

    def simulator(fitting: Fitting) -> DeviceSimulator:
        twins = fitting.simulated
        assert twins is not None
        simulators.append(DeviceSimulator(twins.camera, twins.printers, twins.lights, twins.papers))
        return simulators[0]

    box = Box(demo_settings(folder, broker.port, port), simulator=simulator)
    running.callback(box.stop)
    box.start()
    address = BrokerAddress("127.0.0.1", broker.port)
    cloud = DemoCloud(address, shop.SHOP_ID, folder=folder / "cloud", moods=random.Random(7))  # noqa: S311
    running.callback(cloud.stop)
    simulators[0].cloud = cloud
    cloud.start()

    def do(stage: Any, *args: Any) -> Any:
        return box.writer.write(stage, *args, actor=PEOPLE[0][0]).result(timeout=30)

    if not box.readers.read(users):
        seed_people(do, hash_pin)
        seed_catalog(do)
    base = f"http://{box.addresses[0]}"
    if once:
        session = seed_session(do, 1, clock(), scarce=SCARCE)
        return _evening(Evening(say, base, session, cloud, simulators[0], box.readers, do), folder)
    _tell(base, broker)
    _stream(box, cloud, do, fast=fast)
    return OK


def demo_settings(folder: Path, broker_port: int, port: int) -> Settings:
    """The demo shop's settings: everything simulated but the ledger, the broker and the pages."""
    return Settings(
        store_id=shop.SHOP_ID,
        shop_name=shop.SHOP_NAME,
        data_dir=folder / "shop",
        clock=ClockChoice(trusted=True),
        cloud=Cloud(host="127.0.0.1", port=broker_port, tls=False),
        http=Http(host="127.0.0.1", port=port),
        cameras={"k1": CameraChoice(kind="simulated")},
        printers=Printers(
            label=PrinterChoice(kind="simulated", language="tspl", roles=("label",)),
            receipt=PrinterChoice(kind="simulated"),
        ),
        lights=Lights(kind="simulated"),
        shelf=tuple(
            ShelfUnit(name=unit.name, zone=unit.zone, rows=unit.rows, columns=unit.columns, first=unit.first)
            for unit in shop.SHELVES
        ),
    )


def _evening(evening: Evening, folder: Path) -> int:
    began = time.monotonic()
    try:
        wrong = evening.play()
    except (GaveUp, Refused, CannotSell) as stuck:
        say(f"  WRONG: {stuck}")
        wrong = [str(stuck)]
    say(f"Papers as PNG: {folder / 'shop' / 'papers'}")
    how = "NOT well" if wrong else "every order ended where it should"
    say(f"One evening in {time.monotonic() - began:.0f} s: {how}")
    return WRONG if wrong else OK


def _tell(base: str, broker: Broker) -> None:
    logins = ", ".join(f"{name} PIN {pin}" for name, _, pin in PEOPLE)
    say(f"{shop.SHOP_NAME} is open ({broker.kind} on port {broker.port}). Ctrl-C stops everything.")
    say(f"  kiosk      {base}/kiosk")
    say(f"  staff      {base}/staff")
    say(f"  owner      {base}/owner")
    say(f"  simulator  {base}/simulator   hold codes before the camera, see paper and lamps")
    say(f"  log in as  {logins}")


def _offers(session: str, cloud: DemoCloud) -> bool:
    return any(offer.session_id == session for offer in cloud.offers())


def _stream(box: Box, cloud: DemoCloud, do: Any, *, fast: bool) -> None:
    """Orders come in until somebody presses Ctrl-C; a new session opens when the old one is over."""
    stopping = threading.Event()
    for how in (signal.SIGINT, signal.SIGTERM):
        signal.signal(how, lambda *_: stopping.set())
    chance = random.Random()  # noqa: S311  who buys what, not a secret
    known = [row for row in box.readers.read(sessions) if row.state == "open"]
    crowd = Crowd(cloud, known[0].session_id, shop.baskets(chance.randrange(10**6))) if known else None
    while not stopping.is_set():
        if crowd is None:
            number = len(box.readers.read(sessions)) + 1
            session = seed_session(do, number, clock())
            cloud.wait_until(partial(_offers, session), 20)
            crowd = Crowd(cloud, session, shop.baskets(chance.randrange(10**6)))
        try:
            crowd.buy()
        except CannotSell:
            crowd = None
            continue
        hurry = fast or len(crowd.orders) < FIRST_ORDERS
        stopping.wait(0.05 if hurry else chance.uniform(*PAUSES_S))
    say("\nStopping.")
