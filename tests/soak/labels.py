"""The power goes while 200 labels are printed: at most one is doubtful, none is missing, none comes out twice.

A process that prints is killed when a label is half in the printer, when it has just come out, or at a statement of the
database between the two; then it is started again and must end the batch. The printer records what really came out.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from tests.bench import shop
from tests.soak.outcome import Outcome, together
from tests.soak.printing import draw
from tihuo.boards.paper import batches, paper_counts, work_for
from tihuo.devices.simulated.label_path import LabelPath
from tihuo.devices.simulated.paper_path import Paper
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.stages import printing, selling, sorting

REPO = Path(__file__).resolve().parents[2]
LABELS = 200
WAYS = ("half", "out", "written")
_HALF = 9_000
_PORTION = 4096


class Recorder:
    """A label printer that keeps what came out, and can bring about the end of whoever is printing."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.out: list[bytes] = []
        self.end: Callable[[], None] = lambda: None
        self.half_of = self.whole_of = 0
        self._since = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def forget(self, half_of: int = 0, whole_of: int = 0) -> None:
        """A new roll. Its `half_of`th or `whole_of`th label (from 1) will be the end."""
        self.out, self._since = [], 0
        self.half_of, self.whole_of = half_of, whole_of

    def _serve(self) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                line, _ = self._listening.accept()
                with line, suppress(ConnectionError):
                    self._take(line)

    def _take(self, line: socket.socket) -> None:
        path = LabelPath(480, on_paper=self._came_out)  # what was not whole when the line went is forgotten
        while data := line.recv(_PORTION):
            self._since += len(data)
            if len(self.out) + 1 == self.half_of and self._since > _HALF:
                self._kill()
            line.sendall(path.feed(data))

    def _came_out(self, paper: Paper) -> None:
        self.out.append(b"".join(paper.rows))
        self._since = 0
        if len(self.out) == self.whole_of:
            self._kill()

    def _kill(self) -> None:
        self.half_of = self.whole_of = 0
        self.end()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


class Printing:
    """The program that prints and dies."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.printing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=REPO,
            env={"PYTHONPATH": f"{REPO / 'daemon'}:{REPO}", "PATH": "/usr/bin:/bin"},
        )

    def live(self, database: Path, at: int = 0) -> tuple[int, int]:
        """One life on a database: its exit code, and how many statements it made."""
        assert self._program.stdin is not None and self._program.stdout is not None
        self._program.stdin.write(f"{database} {self._recorder.port} {at}\n")
        moments = 0
        for line in self._program.stdout:
            word, number = line.split()
            if word == "born":
                self._recorder.end = lambda pid=int(number): os.kill(pid, signal.SIGKILL)  # type: ignore[misc]
            elif word == "moments":
                moments = int(number)
            else:
                return int(number), moments
        raise AssertionError("the program itself died")

    def close(self) -> None:
        assert self._program.stdin is not None and self._program.stdout is not None
        self._program.stdin.close()
        self._program.stdout.close()
        self._program.wait(10)


def labels(folder: Path) -> Outcome:
    """The part of `make soak`: an end at each of the labels, in turn by each way."""
    return story(folder, [(number, WAYS[number % len(WAYS)]) for number in range(1, LABELS + 1)])


def story(folder: Path, ends: Iterable[tuple[int, str]]) -> Outcome:
    """So many ends, each on a fresh copy of the same batch."""
    template, pictures = batch(folder)
    recorder = Recorder()
    program = Printing(recorder)
    try:
        code, moments = program.live(shop.fresh(template, "whole.db"))
        assert (code, len(recorder.out)) == (0, LABELS), "undisturbed, all come out"
        found = [
            _end(program, recorder, shop.fresh(template, "used.db"), pictures, number, way, moments)
            for number, way in ends
        ]
    finally:
        program.close()
        recorder.close()
    return together(found)


def _end(
    program: Printing, recorder: Recorder, path: Path, pictures: dict[bytes, int], number: int, way: str, moments: int
) -> Outcome:
    recorder.forget(half_of=number * (way == "half"), whole_of=number * (way == "out"))
    at = moments * (2 * number - 1) // (2 * LABELS) + number % 11 if way == "written" else 0
    code, _ = program.live(path, at)
    again, _ = program.live(path)
    outcome = Outcome(kills=int(code == -signal.SIGKILL))
    came = Counter(pictures.get(picture, 0) for picture in recorder.out)
    readers = Readers(path)
    try:
        with readers.look() as look:
            states = dict(look.rows("SELECT id, state FROM print_job"))
        (progress,) = readers.read(batches)
    finally:
        readers.close()
    doubtful = sum(state == "doubtful" for state in states.values())
    printed = {job for job, state in states.items() if state == "printed"}
    outcome.lost = sum(came[job] == 0 for job in printed) + (LABELS - len(printed) - doubtful)
    outcome.twice = sum(came[job] > 1 for job in states)
    for wrong, what in (
        (code != -signal.SIGKILL, f"it was not killed but ended with {code}"),
        (again != 0, f"the second life ended with {again}"),
        (doubtful > 1, f"{doubtful} labels are doubtful"),
        (came[0] > 0, f"{came[0]} labels came out that nobody asked for"),
        (bool(outcome.lost), f"{outcome.lost} labels are missing"),
        (bool(outcome.twice), f"{outcome.twice} labels came out twice"),
        ((progress.printed, progress.doubtful, progress.state) != (len(printed), doubtful, "done"), f"{progress}"),
    ):
        if wrong:
            outcome.wrong.append(f"label {number}, {way}: {what}")
    return outcome


def batch(folder: Path) -> tuple[Path, dict[bytes, int]]:
    """A database in which 200 labels wait in one batch, and what each looks like to the printer."""
    folder.mkdir(parents=True, exist_ok=True)
    template = folder / "batch.db"
    shop.make(template)
    writer, readers = Writer(template, shop.HOUSE, shop.clock), Readers(template)
    writer.start()
    try:
        for order in shop.orders(template, LABELS, customers=LABELS):
            writer.write(selling.accept_order, order)
        wave = writer.write(sorting.open_wave, "s1").result(60)
        begun = writer.write(printing.print_labels, wave).result(60)
        jobs = readers.read(work_for, "", ("label",), limit=begun.pieces)
        for job in jobs[LABELS:]:
            writer.write(printing.call_off, job.job_id)
        writer.write(_forget_cancelled).result(60)
        assert readers.read(paper_counts) == {"queued": LABELS}
    finally:
        writer.close()
        readers.close()
    pictures = {}
    for job in jobs[:LABELS]:
        image = draw(job)
        pictures[bytes(255 - byte for byte in image.tobytes())] = job.job_id  # type: ignore[attr-defined]
    assert len(pictures) == LABELS, "no two look alike"
    return template, pictures


def _forget_cancelled(work: object) -> None:
    work.sql("DELETE FROM print_job WHERE state = 'cancelled'")  # type: ignore[attr-defined]
