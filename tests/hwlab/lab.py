"""The lab: a virtual PC with this machine's own files, where the kernel plays pins, I2C, a printer, cameras and keys.

Its root is this machine's, read only, with a layer of memory above it, so tests run there with the same Python and the
same checkout. The kernel is Debian's; `gpio-sim`, which Debian leaves out, and `v4l2loopback` are built beside it from
Debian's source.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.hwlab import stores
from tests.hwlab.machine import Machine

REPO = Path(__file__).resolve().parents[2]
AT_ONCE = ("virtio_pci", "9p", "9pnet_virtio", "overlay")
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
while read module; do insmod /modules/$module || echo "no $module"; done < /modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=1048576,cache=loose host /host
mount -t tmpfs t /above; mkdir /above/upper /above/work
mount -t overlay -o lowerdir=/host,upperdir=/above/upper,workdir=/above/work o /new
for place in proc sys dev; do mount --move /$place /new/$place; done
exec chroot /new /bin/sh @script@
"""
SCRIPT = """#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run
mount -t tmpfs t /run
for module in configfs irq_sim_m gpio-sim "i2c-stub chip_addr=0x20,0x21" i2c-dev \\
  dummy_hcd libcomposite usb_f_printer vivid "v4l2loopback video_nr=40 exclusive_caps=1" evdev uinput; do
  modprobe -d @tree@ $module || echo "no $module"
done
mount -t configfs c /sys/kernel/config
pins=/sys/kernel/config/gpio-sim/pi
mkdir -p $pins/bank0; echo 28 > $pins/bank0/num_lines; echo pinctrl-sim > $pins/bank0/label; echo 1 > $pins/live
usb=/sys/kernel/config/usb_gadget/printer
mkdir -p $usb/strings/0x409 $usb/functions/printer.p0 $usb/configs/c.1/strings/0x409
echo 0x0416 > $usb/idVendor; echo 0x5011 > $usb/idProduct; echo XP58 > $usb/strings/0x409/product
echo "MFG:Xprinter;MDL:XP-58;CMD:ESCPOS;CLS:PRINTER;" > $usb/functions/printer.p0/pnp_string
ln -s $usb/functions/printer.p0 $usb/configs/c.1/; echo dummy_udc.0 > $usb/UDC
modprobe -d @tree@ usblp
mkdir -p /dev/usb /dev/bus/usb
cd @repo@
echo "@up $(uname -r) $(cut -d' ' -f1 /proc/uptime)"
TIHUO_HWLAB_RUN=1 TIHUO_HWLAB_TREE=@tree@ LG_WD=/run PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=@site@:daemon:. \\
  @python@ -m pytest tests/hwlab/inside -p no:cacheprovider -q -rA --timeout 600 --basetemp=/run/pytest > /run/said 2>&1
code=$?
cat /run/said
echo "@done $code"
sleep 1; echo o > /proc/sysrq-trigger; sleep 10
"""


def build() -> Path:
    """The folder with `tree` (kernel, its modules and ours) and `site` (lgpio for this kind of machine)."""
    place = stores.folder() / "lab"
    ready = place / "ready"
    if not ready.exists():
        _build_machine(place)
        ready.touch()
    if not (place / "loopback" / "ready").exists():
        _build_loopback(place)
        (place / "loopback" / "ready").touch()
    return place


def _build_machine(place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    tree = place / "tree"
    wanted = ["linux-image-amd64", "linux-headers-amd64", "linux-source"]
    packages = stores.debs(place, "amd64", [], alone=wanted)
    version = next(deb.name.split("_")[0] for deb in packages if deb.name.startswith("linux-image"))
    version = version.removeprefix("linux-image-")
    helpers = stores.debs(place / "headers", "amd64", [f"linux-headers-{version}"])
    for deb in packages + helpers:
        if deb.name.startswith(("linux-image", "linux-headers", "linux-kbuild", "linux-compiler")):
            stores.unpack(deb, tree)
    source = next(deb for deb in packages if deb.name.startswith("linux-source"))
    stores.unpack(source, place / "source")
    _build_gpio_sim(place, tree, version)
    shutil.rmtree(place / "source")
    stores.wheels(place, "x86_64", ["lgpio>=0.2.2"])
    (place / "version").write_text(version)


def _build_loopback(place: Path) -> None:
    """A camera into which a program puts the pictures."""
    folder, version = place / "loopback", (place / "version").read_text()
    (package,) = stores.debs(folder, "amd64", [], alone=["v4l2loopback-dkms"])
    stores.unpack(package, folder / "package")
    source = next((folder / "package" / "usr" / "src").glob("v4l2loopback-*"))
    _make_modules(place / "tree", version, source)


def _build_gpio_sim(place: Path, tree: Path, version: str) -> None:
    """gpio-sim and the interrupts it needs, as modules of their own."""
    made = place / "modules"
    made.mkdir(exist_ok=True)
    archive = next((place / "source").rglob("linux-source-*.tar.xz"))
    name = archive.name.removesuffix(".tar.xz")
    files = ("drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c")
    stores.run("tar", "xJf", archive, "-C", made, "--strip-components=1", *(f"{name}/{file}" for file in files))
    for file in files[:2]:
        shutil.copy(made / file, made)
    interrupts = (made / files[2]).read_text()
    interrupts = interrupts.replace("irq_to_desc(irqnum)", "irq_data_to_desc(irq_get_irq_data(irqnum))")
    (made / "irq_sim_m.c").write_text(f'#include <linux/module.h>\n{interrupts}\nMODULE_LICENSE("GPL");\n')
    (made / "Makefile").write_text("obj-m := gpio-sim.o irq_sim_m.o\n")
    _make_modules(tree, version, made)


def _make_modules(tree: Path, version: str, made: Path) -> None:
    """Build what lies in a folder and lay it beside the kernel's own modules."""
    headers = tree / "usr" / "src" / f"linux-headers-{version}"
    common = next((tree / "usr" / "src").glob("linux-headers-*-common*"))
    (headers / "Makefile").write_text(f"include {common}/Makefile\n")
    stores.run("make", "-C", headers, f"M={made}", "modules")
    updates = tree / "lib" / "modules" / version / "updates"
    updates.mkdir(parents=True, exist_ok=True)
    for module in made.glob("*.ko"):
        shutil.copy(module, updates)
    stores.run("depmod", "-b", tree, version)


def run_inside(folder: Path, python: str) -> tuple[int, str]:
    """The tests of `inside/` in the lab: pytest's exit code, and everything it said."""
    place = build()
    version = (place / "version").read_text()
    first = folder / "first"
    modules = first / "modules"
    for empty in ("bin", "proc", "sys", "dev", "host", "above", "new", "modules"):
        (first / empty).mkdir(parents=True)
    box = stores.busybox()
    assert box is not None
    shutil.copy(box, first / "bin" / "busybox")
    order = []
    for name in AT_ONCE:
        for line in stores.run("modprobe", "-d", place / "tree", "-S", version, "--show-depends", name).splitlines():
            file = Path(line.removeprefix("insmod ").strip())
            if line.startswith("insmod") and file.name not in order:
                order.append(file.name)
                shutil.copy(file, modules)
    (modules / "order").write_text("\n".join(order) + "\n")
    script = stores.folder() / "lab" / "inside.sh"
    words = {"tree": place / "tree", "site": place / "site", "repo": REPO, "python": python}
    text = SCRIPT
    for name, value in words.items():
        text = text.replace(f"@{name}@", str(value))
    script.write_text(text)
    (first / "init").write_text(INIT.replace("@script@", str(script)))
    (first / "init").chmod(0o755)
    image = folder / "first.gz"
    stores.pack(first, image)
    machine = Machine(
        ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-machine", "q35", "-m", "1G", "-smp", "2"]
        + ["-kernel", str(next((place / "tree" / "boot").glob("vmlinuz-*"))), "-initrd", str(image), "-nic", "none"]
        + ["-append", "console=ttyS0 quiet panic=-1 tsc=unstable"]
        + ["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"],
        folder,
    )
    machine.expect("@up")
    code = int(machine.expect("@done", timeout=1500))
    machine.stop()
    return code, machine.log.read_text("utf-8")
