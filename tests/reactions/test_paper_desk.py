"""A printer that is off all night costs the card nothing, and prints what waits as soon as it is on."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.little_shop import LittleShop
from tihuo.boards.paper import paper_counts
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.simulated.printer import SimulatedPrinter
from tihuo.devices.wires import NetworkWire
from tihuo.reactions import paper as reaction
from tihuo.reactions.paper import PaperDesk
from tihuo.shop import paper

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
    yield PaperDesk("receipt", shop.writer, shop.readers, printer, lambda _: picture, said.append, cut=True)
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
