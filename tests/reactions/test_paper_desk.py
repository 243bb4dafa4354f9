"""What a desk does when its printer cannot, when there are two of them, and when somebody changes her mind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from tests.little_shop import LittleShop
from tihuo.boards.paper import PaperRow, paper_counts, paper_in_state
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.simulated.printer import SimulatedPrinter
from tihuo.devices.wires import NetworkWire
from tihuo.reactions import paper as reaction
from tihuo.reactions.paper import PaperDesk, Post
from tihuo.shop import paper, print_batch
from tihuo.stages import printing
from tihuo.timetable import Timetable

TRIES = 20


@pytest.fixture
def twin() -> Iterator[SimulatedPrinter]:
    twin = SimulatedPrinter(width_dots=384)
    yield twin
    twin.close()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def desk(
    shop: LittleShop, twin: SimulatedPrinter, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[PaperDesk]:
    monkeypatch.setattr(reaction, "RETRY_S", (0.0, 0.0))
    printer = EscPosPrinter(NetworkWire("127.0.0.1", twin.port), width_dots=384)
    picture = Image.new("1", (384, 80), 1)
    yield PaperDesk(Post("receipt", ("receipt",)), shop.writer, shop.readers, printer, lambda _: picture, said.append)
    printer.close()


@pytest.mark.parametrize(
    ("fault", "mended"), [("unplug", "plug"), ("paper_out", "refill"), ("open_cover", "close_cover")]
)
def test_a_printer_that_cannot_print_is_asked_and_the_job_is_left_alone(
    fault: str,
    mended: str,
    shop: LittleShop,
    twin: SimulatedPrinter,
    desk: PaperDesk,
    said: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)  # as `tihuo run` listens
    caplog.set_level(logging.INFO, "tihuo")
    getattr(twin, fault)()
    shop.do(paper.queue, "receipt", "r1", {})
    assert desk.step() is False
    commits, lines = shop.writer.commits, len(caplog.records)
    for _ in range(TRIES):
        assert desk.step() is False
    assert shop.writer.commits == commits
    assert len(said) == TRIES + 1 and len(set(said)) == 1
    assert len(caplog.records) == lines
    getattr(twin, mended)()
    while desk.step():
        pass
    assert shop.read(paper_counts) == {"printed": 1}
    assert said[-1] == ""


def desk_at(shop: LittleShop, twin: SimulatedPrinter, post: Post, draw: Callable[[PaperRow], Image.Image]) -> PaperDesk:
    printer = EscPosPrinter(NetworkWire("127.0.0.1", twin.port), width_dots=384)
    return PaperDesk(post, shop.writer, shop.readers, printer, draw, lambda _: None)


def blank(_: PaperRow) -> Image.Image:
    return Image.new("1", (384, 80), 1)


def test_two_printers_share_a_queue_and_nothing_is_printed_by_both(shop: LittleShop, twin: SimulatedPrinter) -> None:
    other = SimulatedPrinter(width_dots=384)
    try:
        for number in range(30):
            shop.do(paper.queue, "receipt", f"r{number}", {})
        desks = [desk_at(shop, player, Post(name, ("receipt",)), blank) for name, player in
                 (("receipt", twin), ("second", other))]  # fmt: skip
        for desk in desks:
            desk.follower.start()
        wait_until(lambda: shop.read(paper_counts) == {"printed": 30})
        for desk in desks:
            desk.follower.ask_to_stop()
            desk.follower.join(10)
        assert len(twin.papers()) + len(other.papers()) == 30
        by = dict(shop.sql("SELECT printer, count(*) FROM print_job GROUP BY printer"))
        assert by == {"receipt": len(twin.papers()), "second": len(other.papers())} or not all(by.values())
    finally:
        other.close()


def test_what_one_printer_cannot_print_the_other_does(
    shop: LittleShop, twin: SimulatedPrinter, desk: PaperDesk
) -> None:
    other = SimulatedPrinter(width_dots=384)
    try:
        twin.paper_out()
        shop.do(paper.queue, "receipt", "r1", {})
        assert desk.step() is False
        assert desk_at(shop, other, Post("second", ("receipt",)), blank).step() is True
        assert (len(twin.papers()), len(other.papers())) == (0, 1)
        twin.refill()
        assert desk.step() is False
        assert shop.read(paper_counts) == {"printed": 1}
    finally:
        other.close()


def test_a_batch_that_is_paused_or_called_off_stops_at_the_next_piece(shop: LittleShop, twin: SimulatedPrinter) -> None:
    batch = shop.do(print_batch.begin, "wave:1")
    for number in range(6):
        shop.do(lambda work, n=number: paper.queue(work, "receipt", f"r{n}", {}, batch_id=batch))
    drawn: list[int] = []

    def draw(job: PaperRow) -> Image.Image:
        drawn.append(job.job_id)
        if len(drawn) == 2:
            shop.do(print_batch.pause, batch)
        return blank(job)

    desk = desk_at(shop, twin, Post("receipt", ("receipt",)), draw)
    desk.step()
    assert shop.read(paper_counts) == {"printed": 1, "queued": 5}
    shop.do(print_batch.cancel, batch)
    desk.step()
    assert shop.read(paper_counts) == {"printed": 1, "cancelled": 5}
    assert len(twin.papers()) == 1


def test_a_job_that_cannot_be_drawn_is_set_aside_and_the_next_is_printed(
    shop: LittleShop, twin: SimulatedPrinter
) -> None:
    bad, good = (shop.do(paper.queue, "receipt", subject, {}) for subject in ("bad", "good"))

    def draw(job: PaperRow) -> Image.Image:
        if job.subject == "bad":
            raise KeyError("no such fact")
        return blank(job)

    desk_at(shop, twin, Post("receipt", ("receipt",)), draw).step()
    rows = {row.job_id: row for state in ("cancelled", "printed") for row in shop.read(paper_in_state, state)}
    assert (rows[bad].trouble, rows[good].state) == ("not_drawable: KeyError", "printed")


def test_a_page_that_no_printer_of_this_kind_can_print_is_set_aside(
    shop: LittleShop, twin: SimulatedPrinter, caplog: pytest.LogCaptureFixture
) -> None:
    job = shop.do(paper.queue, "receipt", "wide", {})
    desk = desk_at(shop, twin, Post("receipt", ("receipt",)), lambda _: Image.new("1", (480, 8), 1))
    desk.step()
    (row,) = shop.read(paper_in_state, "cancelled")
    assert (row.job_id, row.trouble) == (job, "not_printable: 480 dots do not fit on paper of 384")
    assert twin.papers() == []


def test_a_drawer_opens_at_once_or_not_at_all(shop: LittleShop, twin: SimulatedPrinter, desk: PaperDesk) -> None:
    shop.do(printing.open_drawer, "owner", "找零")
    desk.step()
    assert (twin.drawer_kicks, shop.read(paper_counts)) == (1, {"printed": 1})
    twin.unplug()
    shop.do(printing.open_drawer, "owner", "找零")
    desk.step()
    twin.plug()
    desk.step()
    assert (twin.drawer_kicks, shop.read(paper_counts)) == (1, {"printed": 1, "cancelled": 1})


def test_what_a_desk_could_not_write_down_is_doubtful_and_only_its_own(
    shop: LittleShop, twin: SimulatedPrinter, desk: PaperDesk
) -> None:
    mine, hers = (shop.do(paper.queue, "receipt", subject, {}) for subject in ("mine", "hers"))
    shop.do(paper.take, mine, "receipt")
    shop.do(paper.take, hers, "second")
    desk.step()
    assert [row.job_id for row in shop.read(paper_in_state, "doubtful")] == [mine]
    assert [row.job_id for row in shop.read(paper_in_state, "sending")] == [hers]
    assert twin.papers() == []


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    ready = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        ready.wait(0.02)
    raise AssertionError("it never became true")


def test_the_timetable_asks_about_paper_that_waited_a_day_and_writes_nothing_else(shop: LittleShop) -> None:
    timetable = Timetable(shop.writer, shop.readers, shop.clock.reading)
    shop.do(paper.queue, "receipt", "r1", {})
    shop.clock.tick(paper.LONGEST_WAIT - 1)
    commits = shop.writer.commits
    timetable.step()
    assert (shop.read(paper_counts), shop.writer.commits) == ({"queued": 1}, commits)
    shop.clock.tick(1)
    timetable.step()
    assert shop.read(paper_counts) == {"expired": 1}
