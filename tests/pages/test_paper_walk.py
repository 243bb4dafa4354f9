"""纸 on the phone and the desk: a batch asked for, halted, called off; doubts settled; a printer calibrated."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from tests.pages.conftest import OpenPage, barriers
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.walking import DESK, PHONE, log_in
from tihuo.api.app import create_app
from tihuo.api.door import Part, PrinterPlace
from tihuo.boards import paper as board
from tihuo.shop import paper
from tihuo.shop.words import Millis
from tihuo.stages import printing

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PLACES = (
    PrinterPlace("label", ("label",), ("ambient", "chilled"), "tspl", "60x40 mm"),
    PrinterPlace("freezer", ("label",), ("frozen",), "tspl", "40x30 mm"),
    PrinterPlace("receipt", ("receipt", "list"), (), "escpos", "58 mm", text_mode=True),
)


@pytest.fixture
def served(evening: Evening) -> Any:
    """The evening's pages, with printers of three kinds."""
    evening.app = create_app(dataclasses.replace(evening.door, printers=PLACES))
    served = Served(evening.app)
    yield served
    served.stop()


def keep(page: Any, name: str) -> None:
    """A picture to look at, if somebody wants one."""
    if folder := os.environ.get("TIHUO_LOOK"):
        page.wait_for_timeout(300)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_the_labels_of_a_wave_are_asked_for_halted_and_called_off(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/paper", viewport=PHONE)
    phone.get_by_text("Only some").click()
    phone.get_by_label("Also those that are on paper already").check()
    phone.get_by_role("button", name="Print the labels").click()
    progress = phone.locator("section.batch")
    progress.wait_for()
    (batch,) = evening.read(board.batches)
    assert f"0 of {batch.total}" in progress.inner_text()
    assert f"next {batch.at}" in progress.inner_text()
    first = evening.read(board.work_for, "label", ("label",))[-1]
    evening.do(paper.take, first.job_id, "label")
    evening.do(paper.moved, first.job_id, ("sending",), "printed")
    phone.get_by_text(f"1 of {batch.total}").wait_for()
    phone.get_by_role("button", name="Pause").click()
    phone.get_by_text("Paused").wait_for()
    assert barriers(phone) == []
    keep(phone, "batch.en")
    phone.get_by_role("button", name="Go on").click()
    phone.get_by_role("button", name="Pause").wait_for()
    phone.get_by_role("button", name="Cancel the rest").click()
    progress.wait_for(state="detached")
    assert evening.read(board.batches)[0].state == "cancelled"
    rest = evening.sql("SELECT DISTINCT state FROM print_job WHERE batch_id = ? AND state <> 'printed'", batch.batch_id)
    assert rest == [("cancelled",)]


def test_a_doubt_says_what_to_do_and_old_paper_asks_whether_it_is_wanted(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    jobs = [evening.do(printing.try_printer, "test", "label", f"60x40 mm, {n}") for n in range(3)]
    evening.do(paper.moved, jobs[0], ("queued",), "doubtful", "printer_paper_out")
    evening.do(paper.moved, jobs[1], ("queued",), "expired", "waited")
    evening.parts["printer_label"] = Part("printer_label", "printer_paper_out", Millis(evening.clock.now))
    evening.parts["printer_freezer"] = Part("printer_freezer", "printer_unreachable", Millis(evening.clock.now))
    phone = log_in(served, open_page, STAFF, "/staff/paper", viewport=PHONE, language="zh")
    page = phone.inner_text("main")
    assert "打到一半没纸了。 换上新纸" in page
    assert "打印机 freezer：打印机没有应答" in page
    assert "还要打吗？" in page
    keep(phone, "doubt.zh")
    phone.locator(f"#job-{jobs[1]}").get_by_role("button", name="打印").click()
    phone.get_by_text("还要打吗？").wait_for(state="detached")
    phone.locator(f"#job-{jobs[0]}").get_by_role("button", name="补打").click()
    phone.locator(f"#job-{jobs[0]}").wait_for(state="detached")
    states = dict(evening.sql("SELECT id, state FROM print_job"))
    assert (states[jobs[0]], states[jobs[1]]) == ("cancelled", "queued")


def test_the_drawer_opens_for_the_owner_with_a_reason_and_for_staff_there_is_no_button(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    staff = log_in(served, open_page, STAFF, "/staff/more", viewport=PHONE)
    assert staff.locator("#cash").count() == 0
    owner = log_in(served, open_page, OWNER, "/staff/more", viewport=PHONE, language="zh")
    owner.get_by_label("开钱箱的原因").fill("找零")
    owner.get_by_role("button", name="开钱箱").click()
    owner.get_by_text("已让钱箱打开").wait_for()
    keep(owner, "drawer.zh")
    assert [row.content["reason"] for row in evening.queued("drawer")] == ["找零"]


def test_the_owner_tries_a_printer_and_says_what_came_out(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    desk = log_in(served, open_page, OWNER, "/owner/printers", viewport=DESK, language="zh")
    receipt = desk.locator("#printer-receipt")
    receipt.get_by_role("button", name="校准小票").click()
    desk.wait_for_url("**/owner/printers")
    (job,) = evening.read(board.work_for, "receipt", ("calibration",))
    assert job.printer == "receipt"
    receipt.locator("input[value=A]").check()
    receipt.locator("input[value=B]").check()
    keep(desk, "printers.zh")
    receipt.get_by_role("button", name="保存").click()
    desk.wait_for_url("**/owner/printers")
    assert evening.read(board.lines_seen_right, "receipt") == "AB"
    assert barriers(desk) == []


def test_paper_for_the_doors_is_asked_for_on_the_phone(served: Served, open_page: OpenPage, evening: Evening) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/paper", viewport=PHONE)
    phone.get_by_text("Lists and labels for who brings them").click()
    phone.get_by_label("one for each household").check()
    assert not phone.get_by_label("by building").is_checked()
    keep(phone, "doors.en")
    assert barriers(phone) == []
    phone.get_by_role("button", name="Print for the doors").click()
    phone.get_by_text("a label for each household").wait_for()
    (batch,) = evening.read(board.batches)
    assert batch.subject.startswith("homes:") and batch.total
