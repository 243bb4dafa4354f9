"""A box that prints labels until it is killed. Run by `labels.py` as a program of its own.

    python -m tests.soak.printing

It loads everything once, then forks a child for each line on its standard input: `DATABASE PORT MOMENT`. The child is
what a daemon is to its paper: the writer's thread, a desk, and the adapter of a TSPL printer at that port. It says
`born PID`, works everything off, and says how many statements it made; at statement MOMENT (0: never) it dies by
SIGKILL. The parent says `ended CODE`.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.bench import shop
from tihuo.boards.paper import PaperRow
from tihuo.devices.tspl_printer import TsplPrinter
from tihuo.devices.wires import NetworkWire
from tihuo.drawing import label  # noqa: F401  loaded before the fork, with its font
from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.reactions.artist import Artist, Draughts
from tihuo.reactions.paper import PaperDesk, Post
from tihuo.shop.paper import wake
from tihuo.shop.words import Zone
from tihuo.shop.work import Work

SHELF = ShelfMap(tuple(Unit.grid(zone.value, zone, 1, 4, 6) for zone in Zone))
ARTIST = Artist(Draughts(shop_name="提货", timezone="Asia/Shanghai", shelf=SHELF, language="tspl", width_dots=480))
_drawn: dict[str, object] = {}


def draw(job: PaperRow) -> object:
    """The label of a job; each is drawn once in this program, for hundreds of lives."""
    key = f"{job.subject}:{job.copy_no}"
    if key not in _drawn:
        _drawn[key] = ARTIST.draw(job)
    return _drawn[key]


def live(database: Path, port: int, at: int) -> None:
    moments = 0

    def moment(_: str) -> None:
        nonlocal moments
        moments += 1
        if moments == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(work: Work) -> None:
        work.connection.set_trace_callback(moment)  # type: ignore[attr-defined]

    writer, readers = Writer(database, shop.HOUSE, shop.clock), Readers(database)
    writer.start()
    writer.write(wake).result(30)
    writer.write(watch).result(30)
    printer = TsplPrinter(NetworkWire("127.0.0.1", port))
    troubles: list[str] = []
    desk = PaperDesk(Post("label", ("label",), cut=False), writer, readers, printer, draw, troubles.append)  # type: ignore[arg-type]
    while desk.step():
        pass
    os.write(1, f"moments {moments}\n".encode())


def main() -> None:
    for line in sys.stdin:
        database, port, at = line.split()
        child = os.fork()
        if not child:
            os.write(1, f"born {os.getpid()}\n".encode())
            live(Path(database), int(port), int(at))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        os.write(1, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
