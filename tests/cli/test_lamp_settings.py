"""`tihuo doctor` and the settings file say what the lamps draw, and refuse what would burn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tihuo.cli.doctor import _lights
from tihuo.settings import SettingsTrouble, load

SHELF = '[[shelf]]\nname = "shelf"\nzone = "ambient"\nrows = 2\ncolumns = 7\n'


def file_with(tmp_path: Path, lights: str) -> Path:
    path = tmp_path / "tihuo.toml"
    path.write_text(f"{SHELF}\n[lights]\n{lights}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("lights", "said"),
    [
        ('kind = "none"', "not set"),
        ('kind = "simulated"', "simulated"),
        (
            'kind = "shift"\nfeedback = true',
            "shift: 14 lamps, 270 Ω before each; all lit, 5 of 35 mA through a line, 39 of 70 mA through a chip, "
            "67 of 2000 mA through the supply",
        ),
        ('kind = "strip"', "strip: 14 lamps; all lit, 231 of 2000 mA through the supply"),
        (
            'kind = "gpio"\npins = { A01 = 17, A02 = 18 }',
            "gpio: 2 lamps, 270 Ω before each; all lit, 5 of 16 mA through a line, 10 of 50 mA through the board",
        ),
    ],
)
def test_the_doctor_says_what_the_lamps_draw(lights: str, said: str, tmp_path: Path) -> None:
    found = _lights(load(file_with(tmp_path, lights)))
    assert (found.state, found.advice) == (said, "")


def test_the_doctor_misses_pins(tmp_path: Path) -> None:
    found = _lights(load(file_with(tmp_path, 'kind = "gpio"')))
    assert (found.state, found.advice) == ("no slot has a pin", "Set lights.pins, such as A01 = 17.")


def test_a_file_with_lamps_that_would_burn_something_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsTrouble, match="70 mA: take resistors of 343 Ω or more"):
        load(file_with(tmp_path, 'kind = "shift"\nvolts = 5\nresistor_ohm = 330'))
