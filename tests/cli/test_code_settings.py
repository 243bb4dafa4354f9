"""自提码 in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tihuo.settings import SettingsTrouble, load


def settings(folder: Path, text: str) -> Path:
    path = folder / "tihuo.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_chain_names_its_other_shops(tmp_path: Path) -> None:
    codes = load(
        settings(tmp_path, '[codes]\nrotating = true\nphone_tail = false\nsister_shops = {S02 = "阳光店"}\n')
    ).codes
    assert (codes.rotating, codes.phone_tail, codes.sister_shops) == (True, False, {"S02": "阳光店"})


def test_left_alone_codes_stay_and_tails_are_asked_for() -> None:
    codes = load(None).codes
    assert (codes.rotating, codes.phone_tail, codes.sister_shops) == (False, True, {})


@pytest.mark.parametrize(
    "wrong", ['sister_shops = {"S 2" = "x"}', 'sister_shops = {S02 = ""}', "rotating = 3", "tails = true"]
)
def test_what_makes_no_sense_is_named(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsTrouble, match="codes"):
        load(settings(tmp_path, f"[codes]\n{wrong}\n"))
