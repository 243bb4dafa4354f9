"""Nothing lost, nothing twice, nothing sold that is not there: when the plug is pulled, and when two want the same."""

from __future__ import annotations

import re
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from tests.bench import shop
from tests.bench.daemon import Daemon, Page, hire
from tests.bench.figure import Figure
from tests.bench.ingest import World
from tests.bench.native import library
from tihuo.boards.balance import imbalances
from tihuo.ledger.database import Look, Readers
from tihuo.ledger.writer import Writer
from tihuo.stages import selling

ORDERS = 20_000
STOCK = 300
DEATHS = (3000, 7000, 11_000, 15_000)
"""How many orders are on disk when the box is killed."""
TRACED = 300
SCANS = 200
BUYERS, UNITS = 32, 16


def exactly_once(folder: Path) -> list[Figure]:
    """How often the box did the wrong thing where none is allowed."""
    world = World(folder, tls=False)
    try:
        wrong = _killed(world) + _acknowledged_too_soon(world)
    finally:
        world.close()
    wrong += _scanned_twice(folder / "scans") + _oversold(folder / "sale.db")
    for fault in wrong:
        print(f"  wrong: {fault}")
    what = (
        f"wrong outcomes: kill -9 four times in {ORDERS} orders that run the stock dry; acks before the sync; "
        f"{SCANS} codes scanned twice at once; {BUYERS} buyers of {UNITS} units"
    )
    return [Figure(name="exactly_once.wrong", what=what, value=len(wrong), unit="", n=ORDERS, target=0)]


def _killed(world: World) -> list[str]:
    """Kill -9 in the middle of the drain, again and again; afterwards every order is there once."""
    database = world.folder / "killed.db"
    shop.make(database, stock=STOCK)
    world.queue(shop.messages(database, ORDERS))
    readers = Readers(database)
    for until in (*DEATHS, ORDERS):
        child = subprocess.Popen(world.consumer("box", 10**9, database, 10**9), stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 120
            while readers.read(_booked) < until and time.monotonic() < deadline:
                time.sleep(0.01)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
    wrong = readers.read(_what_is_wrong)
    readers.close()
    return wrong


def _booked(look: Look) -> int:
    row = look.one("SELECT count(*) FROM shop_order")
    return int(row[0]) if row else 0


def _what_is_wrong(look: Look) -> list[str]:
    rows = look.rows("SELECT order_id, count(*), sum(state = 'accepted') FROM shop_order GROUP BY order_id")
    accepted = sum(taken for _, _, taken in rows)
    assert ORDERS / 20 < accepted < ORDERS * 0.95, f"the stock should run dry on the way: {accepted} accepted"
    wrong = [f"{order} is there {times} times" for order, times, _ in rows if times != 1]
    wrong += [f"{ORDERS - len(rows)} orders are lost"] * (len(rows) != ORDERS)
    told = (
        "SELECT json_extract(data, '$.order_id'), count(*) FROM journal "
        "WHERE kind IN ('order.accepted', 'order.refused')"
    )
    wrong += [
        f"{order} was answered {times} times" for order, times in look.rows(f"{told} GROUP BY 1 HAVING count(*) <> 1")
    ]
    wrong += [f"{check}: {row}" for check, found in imbalances(look).items() for row in found]
    sold = "SELECT sku_id, sum(quantity) FROM order_line GROUP BY sku_id HAVING sum(quantity) > ?"
    return wrong + [f"SKU {sku} was sold {units} times of {STOCK}" for sku, units in look.rows(sold, (STOCK,))]


def _acknowledged_too_soon(world: World) -> list[str]:
    """Whether the broker ever heard an ack before the order was in the file and the file was synced."""
    database, trace = world.folder / "traced.db", world.folder / "trace"
    shop.make(database)
    world.queue(shop.messages(database, TRACED))
    shim = {"LD_PRELOAD": str(library("tracesync", world.folder)), "TRACE_FILE": str(trace)}
    world.run("box", TRACED, database, TRACED, environment=shim)
    heard: dict[int, bytes] = {}
    written: dict[bytes, int] = {}
    safe: set[bytes] = set()
    acknowledged: set[bytes] = set()
    wrong = []
    streams: dict[tuple[str, int], bytes] = {}
    for what, file, data in _records(trace.read_bytes()):
        if what == "W":
            written |= {order: file for order in re.findall(rb"20261122-\d{8}", data) if order not in safe}
        elif what == "D":
            safe |= {order for order, where in written.items() if where == file}
            written = {order: where for order, where in written.items() if where != file}
        else:
            packets, streams[what, file] = _packets(streams.get((what, file), b"") + data)
            for kind, body in packets:
                order = re.search(rb'"order_id":"(20261122-\d{8})"', body)
                if what == "R" and kind == 0x32 and order:
                    topic = int.from_bytes(body[:2])
                    heard[int.from_bytes(body[2 + topic : 4 + topic])] = order[1]
                elif what == "S" and kind == 0x40 and int.from_bytes(body) in heard:
                    acknowledged.add(heard[int.from_bytes(body)])
                    if heard[int.from_bytes(body)] not in safe:
                        wrong.append(f"{heard[int.from_bytes(body)].decode()} was acknowledged before the sync")
    assert len(acknowledged) == TRACED, f"the trace shows {len(acknowledged)} acks of {TRACED}"
    return wrong


def _records(trace: bytes) -> Iterator[tuple[str, int, bytes]]:
    at = 0
    while at < len(trace):
        what, file, size = struct.unpack_from("=cii", trace, at)
        at += 9 + size
        yield what.decode(), file, trace[at - size : at]


def _packets(stream: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole MQTT packets at the beginning of a stream as (first byte, body), and the rest."""
    found = []
    while len(stream) > 1:
        size, used = 0, 1
        while used < len(stream):
            size |= (stream[used] & 0x7F) << 7 * (used - 1)
            used += 1
            if not stream[used - 1] & 0x80:
                break
        else:
            break
        if len(stream) < used + size:
            break
        found.append((stream[0], stream[used : used + size]))
        stream = stream[used + size :]
    return found, stream


def _scanned_twice(folder: Path) -> list[str]:
    """The same code on two connections at once: one hand-over, one refusal."""
    folder.mkdir()
    shop.make(folder / "tihuo.db")
    codes = shop.shelve(folder / "tihuo.db", SCANS)
    writer = Writer(folder / "tihuo.db", shop.HOUSE, shop.clock)
    writer.start()
    hire(writer)
    writer.close()
    wrong = []
    with Daemon(folder) as daemon:
        daemon.log_in()
        pages = Page(daemon), Page(daemon)
        for number, code in enumerate(codes):
            for place, page in enumerate(pages):
                page.ask("/staff/pickup/code", code=code, once=f"scan-{number:06d}-{place}")
            answers = sorted(page.hear().status for page in pages)
            if answers != [200, 409]:
                wrong.append(f"scan {number} was answered {answers}")
    return wrong


def _oversold(database: Path) -> list[str]:
    """More buyers than units, all at once."""
    shop.make(database, stock=UNITS)
    grant = shop.grants(database)["SKU000"]
    writer = Writer(database, shop.HOUSE, shop.clock)
    writer.start()
    line = shop.NewLine("l1", "SKU000", 1, 1290, grant)
    wishes = [
        msgspec.structs.replace(order, lines=(line,), paid_fen=1290)
        for order in shop.orders(database, BUYERS, customers=BUYERS)
    ]
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda wish: writer.write(selling.accept_order, wish).result(30), wishes))
    writer.close()
    taken = answers.count("accepted")
    return [f"{taken} of {UNITS} units were sold"] * (taken != UNITS or answers.count("refused") != BUYERS - UNITS)
