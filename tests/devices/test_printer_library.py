"""python-escpos is used as it is, and kept from doing to the daemon what it does on import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.devices.conftest import REPO


def run(script: str, temporary: Path) -> str:
    environment = {"PYTHONPATH": str(REPO / "daemon"), "TMPDIR": str(temporary), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_ports_and_adapters_load_no_driver_and_no_picture_library(tmp_path: Path) -> None:
    script = """
import sys, tihuo.devices.ports, tihuo.devices.escpos_printer, tihuo.devices.wires, tihuo.devices.usb_wire
import tihuo.devices.camera, tihuo.devices.gpio_rail, tihuo.devices.shelf, tihuo.devices.simulated
print(sorted({"numpy", "PIL", "zxingcpp", "pyzbar", "escpos", "usb", "serial", "gpiozero"} & set(sys.modules)))
"""
    assert run(script, tmp_path) == "[]"


def test_loading_it_changes_no_logging_and_leaves_no_folder(tmp_path: Path) -> None:
    script = """
import logging
from tihuo.devices.escpos_library import escpos_printer
escpos_printer("Network", "127.0.0.1", 9100)
print(logging.getLogger().handlers, logging.getLogger().level)
"""
    assert run(script, tmp_path) == "[] 30"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("blocked", "wire", "module"),
    [
        ("usb", "UsbWire(1, 2)", "pyusb"),
        ("serial", "SerialWire('/dev/ttyS0')", "pyserial"),
        ("escpos", "NetworkWire('127.0.0.1')", "escpos"),
    ],
)
def test_a_missing_library_is_named(blocked: str, wire: str, module: str, tmp_path: Path) -> None:
    script = f"""
import sys
for name in {blocked!r}, {blocked + ".core"!r}, {blocked + ".printer"!r}:
    sys.modules[name] = None
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.troubles import PrinterMissingDriver
from tihuo.devices.usb_wire import UsbWire
from tihuo.devices.wires import NetworkWire, SerialWire
try:
    EscPosPrinter({wire}).status()
except PrinterMissingDriver as trouble:
    print(trouble.code, trouble.module, trouble.doubtful)
"""
    assert run(script, tmp_path) == f"printer_missing_driver {module} False"
