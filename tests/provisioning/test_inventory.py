"""What an owner copies and changes is what the daemon understands."""

from __future__ import annotations

import runpy
import tomllib
from pathlib import Path

import pytest

from provisioning.settings_file import toml
from tihuo import settings

REPO = Path(__file__).resolve().parents[2]


def test_the_example_inventory_makes_settings_that_the_daemon_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / ".config/tihuo/S001.password"
    secret.parent.mkdir(parents=True)
    secret.write_text("hush\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    ((_, box),) = runpy.run_path(str(REPO / "provisioning/inventory.example.py"))["shops"]
    file = tmp_path / "tihuo.toml"
    file.write_text(toml(box["settings"]))
    assert settings.load(file).shelf[2].slots == ("F01", "F02", "F03", "F04")
    assert box["secrets"] == {"password": "hush"}
    assert box["settings"]["cloud"]["password_file"].endswith("/cloud_password")


def test_awkward_words_survive() -> None:
    awkward = {
        "name": '“小店” \\ "A" \t\n',
        "flags": [True, False],
        "deep": {"er": {"pins": {"A01": 5}}, "n": 1.5},
        "rows": [{"zone": "常温", "of": {"a": []}}, {"zone": "冷冻"}],
    }
    assert tomllib.loads(toml(awkward)) == awkward
