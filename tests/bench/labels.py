"""Labels: what drawing one costs, and how fast a batch leaves the box for a printer that is never in the way."""

from __future__ import annotations

import contextlib
import re
import resource
import socket
import threading
import time
from pathlib import Path
from typing import Any

from tests.bench import shop
from tests.bench.figure import Figure
from tihuo.boards.paper import PaperRow, paper_counts, paper_in_state
from tihuo.boards.sorting import by_customer, parcel_lines
from tihuo.devices import raster
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.wires import NetworkWire
from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.reactions.artist import Artist, Draughts
from tihuo.reactions.paper import PaperDesk, Post
from tihuo.shop import paper
from tihuo.shop.words import Zone
from tihuo.stages import selling, sorting

LABELS = 200
MANY = 1000
"""Labels that a long evening prints, for the memory that it takes."""
WIDTH = 480
WARM = 10
QUESTION = re.compile(rb"\x10\x04[\x01-\x04]")
"""Never found in a picture: `devices.raster` sees to it."""


class Sink:
    """A printer at port 9100 that takes everything at once, prints nothing, and answers each question with "fine"."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listening.getsockname()
        self.connections = 0
        self.taken = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed at the end
            while True:
                line, _ = self._listening.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                with line:
                    self._take(line)

    def _take(self, line: socket.socket) -> None:
        rest = b""
        while more := line.recv(65536):
            self.taken += len(more)
            questions = list(QUESTION.finditer(rest + more))
            if questions:
                line.sendall(b"\x12" * len(questions))
            rest = (rest + more)[questions[-1].end() :] if questions else (rest + more)[-2:]

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def labels(folder: Path) -> list[Figure]:
    """Draw labels of 60x40 mm, then print them from their rows: two commits each, an answer after each."""
    database = folder / "labels.db"
    shop.make(database)
    writer, readers = Writer(database, shop.HOUSE, shop.clock), Readers(database)
    writer.start()
    shelf = ShelfMap(tuple(Unit.grid(zone.value, zone, 1, 4, 6) for zone in Zone))
    artist = Artist(Draughts(shop_name="提货", timezone="Asia/Shanghai", shelf=shelf, width_dots=WIDTH))
    sink = Sink()
    printer = EscPosPrinter(NetworkWire(sink.host, sink.port), width_dots=WIDTH)
    desk = PaperDesk(Post("label", ("label",), cut=False), writer, readers, printer, artist.draw, lambda _: None)
    try:
        _sort(database, writer, readers)
        jobs = readers.read(paper_in_state, "queued", LABELS)
        cpu = _drawing(artist, jobs)
        began = time.perf_counter()
        batches = 0
        while desk.step():
            batches += 1
        seconds = time.perf_counter() - began
        counts = readers.read(paper_counts)
        taken, connections = sink.taken, sink.connections
        grown = _memory_of_many(writer, desk, [job.content for job in jobs])
    finally:
        printer.close()
        sink.close()
        writer.close()
        readers.close()
    assert counts == {"printed": len(jobs)}, counts
    assert connections == batches, f"{connections} connections for {batches} batches"
    return [
        Figure(
            name="labels.cpu",
            what=f"a label of 60x40 mm from its facts to {taken // len(jobs)} bytes for the printer, CPU",
            value=cpu,
            unit="ms",
            n=len(jobs) - WARM,
            target=6.0,
            due=False,
        ),
        Figure(
            name="labels.rate",
            what=f"{len(jobs)} labels to a printer at port 9100 that is never in the way, {batches} connections",
            value=len(jobs) / seconds,
            unit="1/s",
            n=len(jobs),
            target=60.0,
            good="more",
            due=False,
        ),
        Figure(
            name="labels.memory",
            what=f"resident memory that {MANY} labels more leave behind, each different",
            value=grown,
            unit="MB",
            n=MANY,
            target=20.0,
            due=False,
        ),
    ]


def _memory_of_many(writer: Writer, desk: PaperDesk, contents: list[dict[str, Any]]) -> float:
    """What the process holds after as many labels more, in megabytes; each says something that none said before."""
    before = _resident()
    for number in range(MANY):
        content = contents[number % len(contents)] | {
            "short_code": f"{number:04d} {number:04d}",
            "code": f"TH1:S01:{number}:{number:016d}",
        }
        last = writer.write(paper.queue, "label", f"many:{number}", content)
    last.result(60)
    while desk.step():
        pass
    return (_resident() - before) / 1e6


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _sort(database: Path, writer: Writer, readers: Readers) -> None:
    """So many parcels put and finished that there are enough labels."""
    for order in shop.orders(database, LABELS, customers=LABELS):
        last = writer.write(selling.accept_order, order)
    last.result(60)
    wave = writer.write(sorting.open_wave, "s1").result(60)
    for parcel in readers.read(by_customer, wave, 0, LABELS):
        for line in readers.read(parcel_lines, [parcel.parcel_id]):
            last = writer.write(sorting.put, parcel.parcel_id, line.sku_id, line.wanted)
    last.result(60)


def _drawing(artist: Artist, jobs: list[PaperRow]) -> float:
    """Milliseconds of processor a label, once fonts are loaded."""
    for number, job in enumerate(jobs):
        if number == WARM:
            began = time.process_time()
        b"".join(raster.fragments(artist.draw(job)))
    return (time.process_time() - began) / (len(jobs) - WARM) * 1000
