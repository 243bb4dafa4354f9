"""Code 128: what we draw is read by a reader that we did not write."""

from __future__ import annotations

import re

import numpy as np
import pytest
import zxingcpp

from tihuo.drawing.code128 import bars, widths
from tihuo.shop.scans import COMMANDS, NUMBER, NUMBERS, command_text, slot_text

LETTERS = "".join(chr(number) for number in range(32, 127))
TEXTS = [
    *(LETTERS[start : start + 12] for start in range(0, len(LETTERS), 12)),
    *map(command_text, COMMANDS),
    *(command_text(NUMBER, number) for number in NUMBERS),
    slot_text("A07"),
    slot_text("F123"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_code_is_read_back(text: str) -> None:
    across, found = bars(text)
    drawn = np.full((60, across * 3), 255, np.uint8)
    for left, width in found:
        drawn[:, left * 3 : (left + width) * 3] = 0
    assert [code.text for code in zxingcpp.read_barcodes(drawn, formats=zxingcpp.BarcodeFormat.Code128)] == [text]


@pytest.mark.parametrize("text", ["放入", "a\n", "提"])
def test_what_it_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        widths(text)
