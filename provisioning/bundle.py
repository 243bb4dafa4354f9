"""One file with everything a box installs: our wheel, every wheel it needs, and their hashes. The box fetches nothing.

    python provisioning/bundle.py aarch64 3.13.5      for a Raspberry Pi with Raspberry Pi OS trixie
    python provisioning/bundle.py aarch64 3.11.2      the same with bookworm

Prints the path of `dist/tihuo-VERSION-cp313-aarch64.tar`. `deploy.py` makes the bundle that a box wants by itself.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

REPO = Path(__file__).resolve().parents[1]
LOCK = REPO / "daemon/requirements.lock"
DIST = REPO / "dist"
OLDEST_GLIBC = 36  # 2.36, Debian 12
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Target:
    """The kind of box that a bundle is for: `machine` as `uname -m` says it, `python` in full, like 3.11.2."""

    machine: str
    python: str

    @property
    def tag(self) -> str:
        major, minor, *_ = self.python.split(".")
        return f"cp{major}{minor}-{self.machine}"

    def wants(self, requirement: Requirement) -> bool:
        """Whether a line of the lock file is for this box; pip would ask the computer it runs on instead."""
        words = {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": self.python,
            "python_version": ".".join(self.python.split(".")[:2]),
            "sys_platform": "linux",
        }
        return requirement.marker is None or requirement.marker.evaluate(words)


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk; `digest` names its contents, so equal digests install the same bytes."""

    path: Path
    version: str
    digest: str


def make(target: Target, wheel: Path | None = None) -> Bundle:
    """Build the bundle for a kind of box in `dist/`, from `wheel` or from this tree.

    Raises RuntimeError with the tool's words where the wheel does not build, or one is missing or has another hash.
    """
    with _one_at_a_time:
        wheel = wheel or build_wheel()
        version = wheel.name.split("-")[1]
        lock = "".join(lines_for(target, LOCK.read_text()))
        wheels = wheelhouse(target, lock)
        pinned = f"{lock}tihuo=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
        digest = hashlib.sha256(pinned.encode()).hexdigest()
        (wheels / "requirements.lock").write_text(pinned)
        DIST.mkdir(exist_ok=True)
        path = DIST / f"tihuo-{version}-{target.tag}.tar"
        with tarfile.open(path.with_suffix(".part"), "w") as tar:
            for part in (*sorted(wheels.glob("*.whl")), wheel):
                tar.add(part, f"wheels/{part.name}")
            tar.add(wheels / "requirements.lock", "requirements.lock")
        path.with_suffix(".part").replace(path)
        return Bundle(path, version, digest)


def build_wheel() -> Path:
    """The wheel of this tree in `dist/`, web assets included; the same tree gives the same bytes."""
    with tempfile.TemporaryDirectory() as empty:
        _run("-m", "hatchling", "build", "-t", "wheel", "-d", empty)
        (built,) = Path(empty).glob("*.whl")
        DIST.mkdir(exist_ok=True)
        return Path(shutil.copy(built, DIST))


def lines_for(target: Target, lock: str) -> Iterator[str]:
    """The entries of a universal lock file that this kind of box installs, with their hashes and without markers."""
    for entry in re.split(r"\n(?=\S)", lock.replace("\\\n", " ").strip()):
        requirement = Requirement(entry.split(" --hash")[0])
        if target.wants(requirement):
            hashes = re.findall(r"--hash=\S+", entry)
            yield " ".join([f"{requirement.name}{requirement.specifier}", *hashes]) + "\n"


def wheelhouse(target: Target, lock: str) -> Path:
    """A folder with one wheel for each entry of `lock`, fetched once."""
    wheels = REPO / "build/wheels" / f"{target.tag}-{hashlib.sha256(lock.encode()).hexdigest()[:12]}"
    fetched = wheels / ".fetched"
    if fetched.exists():
        return wheels
    wheels.mkdir(parents=True, exist_ok=True)
    (wheels / "fetch.lock").write_text(lock)
    platforms = [f"--platform=manylinux_2_{minor}_{target.machine}" for minor in range(17, OLDEST_GLIBC + 1)]
    _run(
        *("-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--require-hashes"),
        *(f"--requirement={wheels / 'fetch.lock'}", f"--dest={wheels}"),
        *(f"--python-version={target.python}", f"--platform=manylinux2014_{target.machine}", *platforms),
    )
    fetched.touch()
    return wheels


def _run(*arguments: str) -> None:
    told = subprocess.run([sys.executable, *arguments], cwd=REPO, capture_output=True, text=True, check=False)
    if told.returncode:
        raise RuntimeError(f"python {' '.join(arguments[:3])} failed:\n{told.stdout}{told.stderr}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(make(Target(*sys.argv[1:])).path)
