"""Codes on paper are read back from the very dots that go to the print head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tihuo.drawing.codes import TooLong, modules_of, qr
from tihuo.drawing.label import LABEL_40X30, LABEL_60X40, draw_label
from tihuo.drawing.receipt import ReceiptContent, ReceiptLine, draw_receipt
from tihuo.drawing.test_page import draw_label_test, draw_roll_test
from tihuo.drawing.texts import LABEL_EN, LABEL_ZH
from tihuo.shop.words import Zone

payloads = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:", min_size=12, max_size=61)


@pytest.mark.parametrize("size", [LABEL_60X40, LABEL_40X30], ids=["60x40", "40x30"])
@pytest.mark.parametrize("zone", list(Zone))
def test_the_code_of_every_label_is_read_by_readers_we_did_not_write(read, label, shelf, size, zone):
    for copy, texts in ((1, LABEL_ZH), (2, LABEL_EN)):
        picture = draw_label(replace(label, zone=zone, copy=copy), size, texts, shelf)
        assert read(picture.image) == {label.code}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=payloads)
def test_any_payload_a_pickup_code_can_be_is_read_back(read, label, payload):
    for size in (LABEL_60X40, LABEL_40X30):
        assert read(draw_label(replace(label, code=payload), size).image) == {payload}


def test_the_codes_of_receipts_and_test_pages_are_read(read):
    left = (ReceiptLine("鲜牛奶", 1, "C03"),)
    content = ReceiptContent(
        "店", "王*", (), left, "明天", "今天", "扫码", (), (), code="TH1:A:B:C", digits="1234 5678"
    )
    assert read(draw_receipt(content).image) == {"TH1:A:B:C"}
    assert read(draw_receipt(content, 576).image) == {"TH1:A:B:C"}
    for picture in (draw_label_test(LABEL_60X40, "p"), draw_label_test(LABEL_40X30, "p"), draw_roll_test(384, "p")):
        assert read(picture.image) == {"TIHUO-PRINT-TEST"}


@pytest.mark.parametrize("most", [99, 123, 164, 166, 230])
def test_every_module_is_a_square_of_whole_dots_with_a_quiet_zone(most):
    rows = np.array(modules_of("TH1:LLX01:ABCDEFGH:K7Q2M4XAZ3PQR5TU"))
    across = len(rows) + 2 * 4
    module = most // across
    dots = ~np.asarray(qr("TH1:LLX01:ABCDEFGH:K7Q2M4XAZ3PQR5TU", most))
    assert dots.shape == (across * module, across * module)
    expected = np.pad(rows, 4).repeat(module, 0).repeat(module, 1).astype(bool)
    assert (dots == expected).all()


def test_a_code_too_fine_for_the_paper_is_refused(label):
    with pytest.raises(TooLong):
        qr("X" * 200, 123)
    with pytest.raises(TooLong):
        draw_label(replace(label, code="X" * 200), LABEL_40X30)
