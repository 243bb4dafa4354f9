"""模拟打印机: a real TCP printer made of software, of receipts (ESC/POS) or labels (TSPL), for the demo and for tests.

The daemon talks to it through the same network adapter as to a printer on the counter. Everything that goes wrong
with paper in a shop can be made to happen from any thread.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tihuo.devices.simulated.label_path import LabelPath
from tihuo.devices.simulated.paper_path import Paper, PaperPath

_NEVER = -1
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class _PowerCut(Exception):
    """The plug is pulled between two dot rows."""


class SimulatedPrinter:
    """Listens on 127.0.0.1 (`port` 0 takes a free one) from construction until `close`.

    Finished papers are in `papers()`, newest last, and as PNG files in `folder` if one is given. `on_paper` hears of
    each one, on the printer's own thread.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        port: int = 0,
        *,
        width_dots: int = 576,
        language: Literal["escpos", "tspl"] = "escpos",
        folder: Path | None = None,
        on_paper: Callable[[Paper], None] | None = None,
    ) -> None:
        self._folder, self._on_paper = folder, on_paper
        self._printed = 0
        self._rows_until_power_cut = self._rows_until_silence = _NEVER
        made = LabelPath if language == "tspl" else PaperPath
        self._path: LabelPath | PaperPath = made(width_dots, on_paper=self._out_it_comes, on_row=self._before_row)
        self._state = threading.Condition(threading.RLock())
        self._selector = selectors.DefaultSelector()
        self._waker, self._wakened = socket.socketpair()
        self._selector.register(self._wakened, selectors.EVENT_READ)
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._closing = False
        self.port = port
        self._listen()
        self._thread = threading.Thread(target=self._serve, name="simulated-printer", daemon=True)
        self._thread.start()

    # --- what can be seen ----------------------------------------------------------------------------------------

    def papers(self) -> list[Paper]:
        """Every paper that came out (the last 200), oldest first."""
        with self._state:
            return list(self._path.papers)

    def wait_for_papers(self, count: int, timeout: float = 10.0) -> list[Paper]:
        """The papers, as soon as there are `count`; raises `TimeoutError` when they do not come."""
        with self._state:
            if not self._state.wait_for(lambda: len(self._path.papers) >= count, timeout):
                raise TimeoutError(f"{len(self._path.papers)} papers, not {count}")
            return list(self._path.papers)

    @property
    def drawer_kicks(self) -> int:
        with self._state:
            return self._path.drawer_kicks

    # --- what can happen to it -----------------------------------------------------------------------------------

    def paper_near_end(self) -> None:
        with self._state:
            self._path.near_end = True

    def paper_out(self, after_rows: int = 0) -> None:
        """The roll ends, now or that many dot rows further on; jobs are held until `refill`."""
        with self._state:
            self._path.rows_left = after_rows

    def refill(self) -> None:
        """A new roll: held jobs come out."""
        with self._state:
            self._path.near_end, self._path.rows_left = False, None
            self._go_on()

    def open_cover(self) -> None:
        with self._state:
            self._path.cover_open = True

    def close_cover(self) -> None:
        with self._state:
            self._path.cover_open = False
            self._go_on()

    def never_answer(self, after_rows: int = 0) -> None:
        """Go on printing, and say nothing any more, now or from that many dot rows on."""
        with self._state:
            self._rows_until_silence = after_rows or _NEVER
            self._path.answering = after_rows > 0

    def answer_again(self) -> None:
        with self._state:
            self._path.answering = True

    def take_half_job(self, after_rows: int = 60) -> None:
        """Lose power `after_rows` dot rows into the next job; it comes back by itself and has forgotten the rest."""
        with self._state:
            self._rows_until_power_cut = after_rows

    def unplug(self) -> None:
        """Nobody listens any more; what was not printed is forgotten."""
        with self._state:
            self._stop_listening()
            self._lose_power()

    def plug(self) -> None:
        """Listen again, at the same port."""
        with self._state:
            if self._listener is None:
                self._listen()

    def tear_off(self) -> None:
        """Take out uncut labels as one paper."""
        with self._state:
            self._path.tear_off()

    def close(self) -> None:
        with self._state:
            if not self._closing:
                self._closing = True
                self._waker.send(b"!")
        self._thread.join(5)

    # --- the printer ---------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._waker.send(b"!")

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None

    def _drop_connections(self) -> None:
        for connection in list(self._connections):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._hang_up(connection)

    def _hang_up(self, connection: socket.socket) -> None:
        self._connections.discard(connection)
        self._selector.unregister(connection)
        connection.close()

    def _serve(self) -> None:
        while not self._closing:
            ready = self._selector.select()
            with self._state:
                for key, _ in ready:
                    if key.fileobj is self._wakened:
                        self._wakened.recv(64)
                    elif key.fileobj is self._listener:
                        self._accept(self._listener)
                    elif key.fileobj in self._connections:
                        self._serve_one(key.fileobj)
        with self._state:
            self._stop_listening()
            self._drop_connections()
            self._selector.close()
            self._waker.close()
            self._wakened.close()

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self._connections.add(connection)
        self._selector.register(connection, selectors.EVENT_READ)

    def _serve_one(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(65536)
            if data:
                connection.sendall(self._path.feed(data))
            else:
                self._hang_up(connection)
        except _PowerCut:
            self._lose_power()
        except OSError:
            self._hang_up(connection)

    def _go_on(self) -> None:
        try:
            self._path.go_on()
        except _PowerCut:
            self._lose_power()

    def _lose_power(self) -> None:
        self._path.lose_power()
        self._drop_connections()

    def _before_row(self) -> None:
        if self._rows_until_silence == 0:
            self._path.answering = False
        if self._rows_until_power_cut == 0:
            self._rows_until_power_cut = _NEVER
            raise _PowerCut
        self._rows_until_silence -= self._rows_until_silence > _NEVER
        self._rows_until_power_cut -= self._rows_until_power_cut > _NEVER

    def _out_it_comes(self, paper: Paper) -> None:
        self._printed += 1
        if self._folder is not None and paper.rows:
            self._folder.mkdir(parents=True, exist_ok=True)
            paper.image().save(self._folder / f"{self._printed:04d}.png")
        self._state.notify_all()
        if self._on_paper is not None:
            self._on_paper(paper)
