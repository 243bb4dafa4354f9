"""What the machines are made of: Debian's own packages, unpacked and never installed, in a folder outside the tree.

apt is asked as this machine is set up, with a state of its own: nothing of this machine changes, nobody need be root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

COMMANDS = {
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-x86_64": "qemu-system-x86",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "depmod": "kmod",
    "modprobe": "kmod",
    "fdtput": "device-tree-compiler",
    "cpio": "cpio",
    "make": "make",
    "gcc": "gcc",
    "xz": "xz-utils",
    "unzip": "unzip",
    "unshare": "util-linux",
}
"""Command -> the Debian package that has it."""
LOCKED = ["-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=", "-o", "Acquire::Languages=none", "-q"]


class Missing(Exception):
    """What this machine lacks, in words."""


def folder() -> Path:
    """`TIHUO_HWLAB`, or a folder in the user's cache. It may be deleted at any time."""
    chosen = Path(os.environ.get("TIHUO_HWLAB") or Path.home() / ".cache" / "tihuo-hwlab")
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def check() -> None:
    """Raise `Missing` with everything that is missing at once."""
    lacks = sorted({package for command, package in COMMANDS.items() if shutil.which(command, path=_path()) is None})
    said = [f"apt-get install {' '.join(lacks)}"] if lacks else []
    if busybox() is None:
        said.append("apt-get install busybox-static (a busybox without shared libraries)")
    if sys.version_info[:2] not in {(3, 11), (3, 12)}:
        said.append("Python 3.11 or 3.12: lgpio has no wheel for a newer one")
    if said:
        raise Missing("make hwlab needs: " + "; ".join(said))


def busybox() -> Path | None:
    """This machine's busybox, if it needs no libraries."""
    found = shutil.which("busybox", path=_path())
    if found is None or b"ld-linux" in Path(found).read_bytes()[:4096]:
        return None
    return Path(found).resolve()


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def run(*command: object, **options: object) -> str:
    """A command, patiently and with the least claim on this machine; its output. Raises `Missing` with what it said."""
    environment = {**os.environ, "PATH": _path(), "LC_ALL": "C"}
    words = ["nice", "-n", "19", *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        raise Missing(f"{' '.join(words[3:6])} … failed: {(done.stderr or done.stdout)[-600:].strip()}")
    return str(done.stdout)


def debs(
    place: Path, architecture: str, wanted: list[str], *, alone: Sequence[str] = (), suites: Sequence[str] = ()
) -> list[Path]:
    """The packages `wanted` with all they need, and `alone` without; downloaded once. `suites` of this machine's own
    mirror in place of its own, the last one preferred."""
    state = place / "apt"
    done = state / "done"
    if not done.exists():
        for part in ("state/lists/partial", "cache/archives/partial"):
            (state / part).mkdir(parents=True, exist_ok=True)
        (state / "status").touch()
        apt = [
            "-o", f"APT::Architecture={architecture}",
            "-o", f"APT::Architectures={architecture}",
            "-o", f"Dir::State={state / 'state'}",
            "-o", f"Dir::State::status={state / 'status'}",
            "-o", f"Dir::Cache={state / 'cache'}",
            *LOCKED,
        ]  # fmt: skip
        if suites:
            lines = [f"deb {_keyring()}{_mirror()} {suite} main" for suite in suites]
            (state / "sources.list").write_text("\n".join(lines) + "\n")
            apt += ["-o", f"Dir::Etc::sourcelist={state / 'sources.list'}", "-o", "Dir::Etc::sourceparts=/dev/null"]
            apt += ["-t", suites[-1]]
        run("apt-get", *apt, "update")
        if wanted:
            run("apt-get", *apt, "install", "-y", "--no-install-recommends", "--download-only", *wanted)
        exact = [_real_name(apt, name) for name in alone]
        if exact:
            run("apt-get", *apt, "download", *exact, cwd=state / "cache" / "archives")
        done.touch()
    return sorted((state / "cache" / "archives").glob("*.deb"))


def _mirror() -> str:
    """Where this machine gets Debian from."""
    asked = ("indextargets", "--format", "$(SITE) $(ORIGIN) $(LABEL)", "Created-By: Packages")
    for line in run("apt-get", *asked).splitlines():
        site, _, rest = line.partition(" ")
        if rest == "Debian Debian":
            return site
    raise Missing("this machine's apt has no Debian mirror")


def _keyring() -> str:
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    return f"[signed-by={keyring}] " if keyring.exists() else ""


def _real_name(apt: list[str], name: str) -> str:
    """`linux-image-arm64` is a signpost to the newest kernel: follow it once."""
    for line in run("apt-cache", *apt, "depends", name).splitlines():
        word = line.strip().removeprefix("Depends: ")
        if line.strip().startswith("Depends: ") and word.startswith(
            ("linux-image-", "linux-headers-", "linux-source-")
        ):
            return word
    return name


def unpack(deb: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    run("dpkg-deb", "-x", deb, target)


def wheels(place: Path, platform: str, names: list[str], python: str = "3.11") -> Path:
    """Python packages for another kind of machine, unpacked."""
    site = place / "site"
    if not site.exists():
        fetched = place / "wheels"
        run(
            sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", fetched,
            "--platform", f"manylinux_2_34_{platform}", "--platform", f"manylinux_2_28_{platform}",
            "--platform", f"manylinux2014_{platform}", "--platform", "any", "--python-version", python,
            "--abi", f"cp{python.replace('.', '')}", "--abi", "abi3", "--abi", "none", *names,
        )  # fmt: skip
        building = place / "site.part"
        for wheel in fetched.glob("*.whl"):
            run("unzip", "-qo", wheel, "-d", building)
        building.rename(site)
    return site


def pack(tree: Path, image: Path) -> None:
    """A folder as the first file system of a kernel."""
    run("sh", "-c", f"cd '{tree}' && find . | cpio -o -H newc --quiet | gzip -1 > '{image}'")
