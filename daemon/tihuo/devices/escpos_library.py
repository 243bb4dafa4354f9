"""python-escpos, imported at the first print and kept from changing anything else in the daemon."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
from functools import cache
from typing import Any

from tihuo.devices.troubles import PrinterMissingDriver

_MODULES = {"Network": "network", "Serial": "serial", "Usb": "usb"}


def escpos_printer(kind: str, *args: Any, **settings: Any) -> Any:
    """An unopened python-escpos transport; raises `PrinterMissingDriver` when a library is not installed."""
    transport = getattr(_library(f"escpos.printer.{_MODULES[kind]}"), kind)
    if not transport.is_usable():
        raise PrinterMissingDriver(module={"Serial": "pyserial", "Usb": "pyusb"}[kind])
    return transport(*args, **settings)


@cache
def _library(name: str) -> Any:
    quiet = logging.NullHandler()
    root = logging.getLogger()
    root.addHandler(quiet)  # 3.1 calls logging.basicConfig() on import, which does nothing beside another handler
    try:
        module = importlib.import_module(name)
        # 3.1 also makes a temporary directory on every import, for a cache of profiles, and leaves it behind.
        if "ESCPOS_CAPABILITIES_PICKLE_DIR" not in os.environ:
            shutil.rmtree(importlib.import_module("escpos.capabilities").pickle_dir, ignore_errors=True)
        return module
    except ImportError as missing:
        raise PrinterMissingDriver(module=(missing.name or name).split(".")[0]) from missing
    finally:
        root.removeHandler(quiet)
