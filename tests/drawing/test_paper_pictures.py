"""Every kind of paper, as the printers get it: its codes and its words read back by programs that are not ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.drawing.conftest import Read
from tests.paper_pictures import samples

SAMPLES = {name: (image, codes) for name, image, codes in samples()}
WORDS = {
    "label-60x40": "1234",
    "slot-60x40": "F04",
    "receipt-80": "取货小票",
    "list-80": "拣货单",
    "sheet-80": "放好了",
    "calibration-80": "打印测试",
}
"""What must be among the words of each kind, as a reader of print sees them."""


@pytest.mark.parametrize("name", SAMPLES)
def test_the_codes_on_every_paper_are_read_by_readers_we_did_not_write(read: Read, name: str) -> None:
    image, codes = SAMPLES[name]
    assert read(image) == codes


@pytest.mark.slow
@pytest.mark.parametrize("name", WORDS)
def test_the_words_on_paper_are_read_by_a_program_that_reads_print(name: str, tmp_path: Path) -> None:
    """A smoke test: letters of single dots are not what it was made for, so one word of each must do."""
    if not shutil.which("tesseract"):
        pytest.skip("tesseract is not installed: apt-get install tesseract-ocr tesseract-ocr-chi-sim")
    known = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True).stdout
    if "chi_sim" not in known:
        pytest.skip("tesseract has no Chinese: apt-get install tesseract-ocr-chi-sim")
    image, _ = SAMPLES[name]
    grey = image.convert("L").resize((image.width * 2, image.height * 2), Image.Resampling.LANCZOS)
    grey.save(tmp_path / "paper.png")
    command = ["tesseract", str(tmp_path / "paper.png"), "-", "-l", "chi_sim", "--psm", "11"]
    read = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert WORDS[name] in "".join(read.split())
