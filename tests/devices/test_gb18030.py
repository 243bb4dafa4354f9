"""Words in a printer's own letters, read back by Python's codec and by a simulated printer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.devices.desks import Desk
from tests.devices.emupos_desk import Emupos
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.gb18030 import UNKNOWN, columns_of, encoded, laid_out, setting
from tihuo.devices.simulated.paper_path import PaperPath
from tihuo.devices.wires import NetworkWire
from tihuo.shop.typed import Typed, Words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("中文 ¥ ￥ 两 kg ①", "中文 ￥ ￥ 两 kg ①"),
        ("€5", f"{UNKNOWN}5"),
        ("👨‍👩‍👧家庭装", f"{UNKNOWN * 3}家庭装"),
        ("a\tb\x1bc\n", f"a{UNKNOWN}b{UNKNOWN}c{UNKNOWN}"),
        ("e\u0301", f"{UNKNOWN}" if len("é".encode("gb18030")) == 4 else "é"),
    ],
)
def test_letters_that_printers_know_are_sent_and_others_are_seen_to_be_missing(text: str, shown: str) -> None:
    assert encoded(text).decode("gb18030") == shown


def test_rare_characters_are_sent_only_to_printers_that_know_them() -> None:
    assert encoded("𠮷野").decode("gb18030") == f"{UNKNOWN}野"
    assert encoded("𠮷野", four_byte=True) == "𠮷野".encode("gb18030")
    assert encoded("👍", four_byte=True).decode("gb18030") == UNKNOWN, "no printer has emoji"


@given(st.text(), st.booleans())
def test_no_text_gives_the_printer_a_command(text: str, four_byte: bool) -> None:
    sent = encoded(text, four_byte=four_byte)
    assert not any(byte < 0x20 or byte == 0x7F for byte in sent)
    sent.decode("gb18030")


@given(
    st.text("云南小土豆 500g，。é", max_size=60), st.sampled_from(["", "×2", "￥12.90"]), st.sampled_from([16, 32, 48])
)
def test_no_line_is_longer_than_the_paper_and_nothing_is_lost(text: str, right: str, columns: int) -> None:
    lines = list(laid_out(Words(text, right), columns))
    assert all(columns_of(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(f"{text}{right}".split())
    if right:
        assert lines[-1].endswith(right)
        assert columns_of(lines[-1]) == columns


def test_the_printer_is_told_that_chinese_follows_and_that_it_ends() -> None:
    assert b"".join(setting(Typed((Words("中"),)), 32)) == b"\x1c&\xd6\xd0\n\x1c."
    assert b"".join(setting(Typed((Words("中"),), switch=False), 32)) == b"\xd6\xd0\n"


def test_a_typed_page_comes_out_in_order_between_pictures(our_desk: Desk) -> None:
    if not isinstance(our_desk.printer, EscPosPrinter):
        pytest.skip("label printers draw everything")
    our_desk.printer.print((Typed((Words("提货小票", big=True, centre=True), Words("土豆", "x2"))),), cut=True)
    paper = our_desk.simulated.wait_for_papers(1)[-1]
    text = paper.text.encode("latin-1").decode("gb18030")
    assert text.splitlines() == ["提货小票", "土豆" + " " * 42 + "x2"]


def test_ours_understands_every_byte_of_a_typed_page() -> None:
    path = PaperPath(384)
    typed = Typed((Words("大字", big=True), Words("中", centre=True)))
    path.feed(b"\x1b@" + b"".join(setting(typed, 32)) + b"\x1dV\x42\x00")
    assert path.unknown_bytes == 0


def test_a_foreign_printer_takes_a_typed_page_and_goes_on(emupos: Emupos) -> None:
    """emupos has no Chinese letters: what it shows of them says nothing. That it is not thrown off does."""
    before = len(emupos.receipts())
    printer = EscPosPrinter(NetworkWire("127.0.0.1", emupos.port, patience=10), width_dots=576, patience=10)
    printer.print((Typed((Words("提货小票", big=True, centre=True), Words("TOTAL", "x2"))),), cut=True)
    assert len(emupos.receipts()) == before + 1
    assert "TOTAL" in emupos.text(emupos.receipts()[0])
