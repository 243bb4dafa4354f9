"""A Raspberry Pi 3B that is not there: Debian's arm64 kernel and Python in memory, on QEMU's `raspi3b`.

Everything lies in the first file system of the kernel (20 MB): no card, no network, no installation.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.hwlab import stores
from tests.hwlab.machine import Machine

REPO = Path(__file__).resolve().parents[2]
LEVELS = 0x3F200034
"""GPLEV0: the levels of GPIO 0 to 31, as the wires are."""
REVISION = "a02082"
"""Raspberry Pi 3 Model B; the firmware would write it, and gpiozero asks for it."""
LEFT_OUT = ("usr/share", "var", "usr/lib/python3.11/test", "usr/lib/python3.11/idlelib", "usr/lib/python3.11/lib2to3")
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
export PYTHONPATH=/opt/site:/opt/tihuo LG_WD=/tmp PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3.11 /opt/pi_inside.py < /dev/ttyS1 > /dev/ttyS1 2>&1
"""


def build() -> Path:
    """The folder with `vmlinuz`, `pi3.dtb` and `root`; everything but our own code, which is added at each start."""
    place = stores.folder() / "pi3"
    ready = place / "ready"
    if ready.exists():
        return place
    place.mkdir(parents=True, exist_ok=True)
    root, kernel = place / "root", place / "kernel"
    packages = stores.debs(place, "arm64", ["python3", "busybox-static"], alone=["linux-image-arm64"])
    for deb in packages:
        stores.unpack(deb, kernel if deb.name.startswith("linux-image") else root)
    shutil.copytree(
        stores.wheels(place, "aarch64", ["lgpio>=0.2.2", "gpiozero>=2.0.1", "colorzero"]), root / "opt" / "site"
    )
    for left_out in LEFT_OUT:
        shutil.rmtree(root / left_out, ignore_errors=True)
    for folder in ("proc", "sys", "dev", "tmp", "bin"):
        (root / folder).mkdir(exist_ok=True)
    if not (root / "bin" / "busybox").exists():
        shutil.copy(root / "usr" / "bin" / "busybox", root / "bin" / "busybox")
    shutil.copy(next((kernel / "boot").glob("vmlinuz-*")), place / "vmlinuz")
    board = place / "pi3.dtb"
    shutil.copy(next(kernel.rglob("bcm2837-rpi-3-b.dtb")), board)
    stores.run("fdtput", "-c", board, "/system")
    stores.run("fdtput", "-t", "x", board, "/system", "linux,revision", REVISION)
    ready.touch()
    return place


class Pi:
    """The machine with the shelf of `pi_inside.py` on it. `pins`: slot -> BCM number."""

    def __init__(self, folder: Path) -> None:
        place = build()
        root = folder / "root"
        shutil.copytree(place / "root", root, symlinks=True)
        ours = root / "opt" / "tihuo" / "tihuo"
        for room in ("devices", "shop"):
            shutil.copytree(
                REPO / "daemon" / "tihuo" / room, ours / room, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
            )
        (ours / "__init__.py").touch()
        shutil.copy(Path(__file__).with_name("pi_inside.py"), root / "opt" / "pi_inside.py")
        (root / "init").write_text(INIT)
        (root / "init").chmod(0o755)
        image = folder / "root.gz"
        stores.pack(root, image)
        self._machine = Machine(
            ["qemu-system-aarch64", "-M", "raspi3b", "-m", "1G", "-smp", "4", "-kernel", str(place / "vmlinuz")]
            + ["-initrd", str(image), "-dtb", str(place / "pi3.dtb"), "-append", "console=ttyS1,115200 quiet panic=5"]
            + ["-serial", "null"],  # the first one is the Bluetooth chip's
            folder,
        )
        self.board = self._machine.expect("@ready")

    def ask(self, **question: Any) -> Any:
        """Tell the program on the Pi what to do; what it answered. Raises `AssertionError` with its traceback."""
        self._machine.say(json.dumps(question))
        answer = json.loads(self._machine.expect("@", timeout=120))
        assert "error" not in answer, answer["error"]
        return answer["answer"]

    def high(self) -> set[int]:
        """The pins 2 to 27 whose wire is high, as seen from outside of the Pi."""
        levels = self._machine.word(LEVELS)
        return {pin for pin in range(2, 28) if levels >> pin & 1}

    def stop(self) -> None:
        self._machine.stop()
