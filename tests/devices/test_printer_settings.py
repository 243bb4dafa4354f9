"""Printers as the settings name them: who prints what, and what cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.tspl_printer import TsplPrinter
from tihuo.settings import PrinterChoice, Printers, SettingsTrouble, load
from tihuo.shop.words import Zone
from tihuo.wiring.devices import fit, printer_of

NETWORK = {"kind": "network", "address": "192.0.2.7:9100"}


def printers(**tables: dict[str, Any]) -> Printers:
    return load(None, printers=tables).printers


def test_the_two_usual_printers_are_there_and_unset() -> None:
    usual = printers()
    assert {name: (choice.kind, choice.width_dots, choice.cut) for name, choice in usual.named.items()} == {
        "label": ("none", 480, False),
        "receipt": ("none", 384, True),
    }
    assert usual.of("label") == usual.of("receipt") == []


def test_what_is_not_said_of_a_usual_printer_stays_as_usual() -> None:
    for said in (NETWORK, PrinterChoice(kind="network", address="192.0.2.7:9100")):
        label = load(None, printers={"label": said}).printers["label"]
        assert (label.roles, label.width_dots, label.cut) == (("label",), 480, False)


def test_a_printer_with_zones_leaves_the_others_to_the_one_without() -> None:
    both = printers(label=NETWORK, freezer=NETWORK | {"roles": ["label"], "zones": ["frozen"]})
    assert both.of("label") == ["label", "freezer"]
    assert both.of("label", Zone.FROZEN) == ["freezer"]
    assert both.zones_of("label") == (Zone.AMBIENT, Zone.CHILLED)
    shared = printers(label=NETWORK, second=NETWORK | {"roles": ["label"]})
    assert shared.of("label", Zone.FROZEN) == ["label", "second"]


@pytest.mark.parametrize(
    ("tables", "trouble"),
    [
        ({"label": NETWORK | {"zones": ["frozen"]}}, "no label printer takes the zones ambient, chilled"),
        ({"receipt": NETWORK | {"language": "tspl"}}, "a tspl printer has roles"),
        ({"label": NETWORK | {"language": "tspl", "text_mode": True}}, "a tspl printer has roles"),
        ({"receipt": NETWORK | {"zones": ["frozen"]}}, "only a printer of labels has zones"),
        ({"label": NETWORK | {"roles": []}}, "say what this printer prints"),
        ({"My Printer": NETWORK}, "small letters"),
        ({"label": NETWORK | {"colour": "red"}}, "colour"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(tables: dict[str, Any], trouble: str) -> None:
    with pytest.raises(SettingsTrouble, match=trouble):
        printers(**tables)


def test_a_file_and_the_environment_name_printers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tihuo.toml"
    file.write_text('[printers.freezer]\nkind = "simulated"\nroles = ["label"]\nlanguage = "tspl"\n')
    monkeypatch.setenv("TIHUO_PRINTERS__RECEIPT__KIND", "simulated")
    found = load(file).printers
    assert {name: choice.kind for name, choice in found.named.items()} == {
        "label": "none",
        "receipt": "simulated",
        "freezer": "simulated",
    }
    assert found["freezer"].cut is False


def test_each_language_gets_its_adapter_and_its_twin(tmp_path: Path) -> None:
    settings = load(
        None,
        data_dir=tmp_path,
        label_size="40x30",
        printers={"label": {"kind": "simulated", "language": "tspl"}, "receipt": {"kind": "simulated"}},
    )
    fitting = fit(settings, ["A01"])
    try:
        label, receipt = fitting.printers["label"], fitting.printers["receipt"]
        assert isinstance(label, TsplPrinter)
        assert isinstance(receipt, EscPosPrinter)
        assert label.width_dots == 320
        assert label.status().ready
        assert receipt.status().ready
    finally:
        fitting.close()
    assert printer_of(PrinterChoice(kind="none"), settings) is None


def test_a_role_that_another_printer_has_is_not_missed(tmp_path: Path) -> None:
    one = {"kind": "simulated", "roles": ["label", "receipt", "list"], "width_dots": 576}
    fitting = fit(load(None, data_dir=tmp_path, printers={"counter": one}), ["A01"])
    try:
        assert list(fitting.printers) == ["counter"]
    finally:
        fitting.close()
    bare = fit(load(None, data_dir=tmp_path), ["A01"])
    assert bare.printers == {"label": None, "receipt": None}
