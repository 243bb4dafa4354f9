"""A real Debian machine for one test: systemd as PID 1 and sshd, in a container with a network of its own.

It boots the way a Raspberry Pi does: cloud-init reads `provisioning/firstboot/user-data`, and from then on there is
only SSH. Needs root and a few Debian packages; `missing()` says what lacks. Nothing here leaves this computer: the
container's only cable is a veth pair on 10.77.x.0/30, with no route beyond it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

REPO = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("TIHUO_CACHE", REPO / ".cache"))
TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
}
# What Raspberry Pi OS Lite has, too: the deploy then finds nothing to fetch, as it must where there is no Internet.
PACKAGES = (
    "ca-certificates,cloud-init,dbus,iproute2,libpam-systemd,libusb-1.0-0,libzbar0,openssh-server,procps,"
    "python3,python3-venv,sudo,systemd,systemd-sysv"
)
USER = "keeper"
KEY_PLACE = "ssh-ed25519 PUT-YOUR-PUBLIC-KEY-HERE"
BOOT_SECONDS = 60

# In a mount namespace of its own: a pure cgroup2 tree, whatever the host has.
PURE_CGROUPS = """
set -e
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
"""
# CAP_BPF and the bpf call are what makes
# the container's systemd enforce DeviceAllow=; without them it says nothing and lets everything through.
BOOT = """
mkdir -p "/sys/fs/cgroup/$NAME"
echo $$ > "/sys/fs/cgroup/$NAME/cgroup.procs"
exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --directory="$ROOT" --volatile=overlay --boot \\
  --register=no --keep-unit --machine="$NAME" --network-namespace-path="/run/netns/$NAME" --console=pipe \\
  --capability=CAP_BPF,CAP_PERFMON --system-call-filter=bpf --bind-ro="$SEED:/var/lib/cloud/seed/nocloud"
"""
# A power cut: everything in the container's group dies at once. Its disk is memory, so there is nothing to save.
PULL_THE_PLUG = """
cd "/sys/fs/cgroup/$NAME"
echo 1 > cgroup.kill
while grep -q "populated 1" cgroup.events; do sleep 0.02; done
find . -mindepth 1 -depth -type d -exec rmdir {} +
cd .. && rmdir "$NAME"
"""


def missing() -> str:
    """Why no machine can be booted here, for a skip; empty when one can."""
    if os.geteuid() != 0:
        return "a real machine needs root (mount and network namespaces)"
    packages = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    if packages:
        return f"apt-get install {' '.join(packages)}"
    if "cgroup2" not in Path("/proc/filesystems").read_text():
        return "this kernel has no cgroup v2"
    return ""


def root_file_system(suite: str) -> Path:
    """A minimal Debian of that suite under `.cache/`, made once (half a minute)."""
    wanted = hashlib.sha256(f"{suite} {PACKAGES}".encode()).hexdigest()[:12]
    root = CACHE / "machines" / f"{suite}-{wanted}"
    if root.is_dir():
        return root
    part = root.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    targets = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian"]
    mirrors = subprocess.run(targets, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}"]
        + ["--aptopt=APT::Install-Recommends false", "--dpkgopt=path-exclude=/usr/share/doc/*"]
        + ["--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*"]
        + ["--customize-hook=: > $1/etc/machine-id; rm -f $1/etc/hostname"]
        + [suite, str(part), *mirrors[:1]],
        check=True,
    )
    part.rename(root)
    return root


@dataclass(frozen=True)
class Machine:
    """One running machine, and what a person with SSH can do on it."""

    address: str
    key: Path
    known_hosts: Path

    def run(self, script: str, *, timeout: float = 60) -> str:
        """What a shell script prints when root runs it there; AssertionError with its output when it fails."""
        done = subprocess.run(
            ["ssh", "-q", "-i", str(self.key), "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]
            + ["-o", f"UserKnownHostsFile={self.known_hosts}", "-o", "StrictHostKeyChecking=accept-new"]
            + [f"{USER}@{self.address}", "sudo sh -s"],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert done.returncode == 0, f"{script!r} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout.strip()


@contextlib.contextmanager
def running(suite: str, place: Path) -> Iterator[Machine]:
    """Boot a machine, wait until its first boot is done, and take everything away afterwards.

    `place` is an empty folder for its key and its console log. AssertionError when it does not come up.
    """
    root = root_file_system(suite)
    name = f"tihuo{os.getpid()}"
    with _cable(name) as address, (place / "console.log").open("wb") as console:
        key = place / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(key)], check=True)
        seed = _card(place / "card", key.with_suffix(".pub").read_text().strip())
        box = _in_pure_cgroups(BOOT, console, NAME=name, ROOT=str(root), SEED=str(seed))
        try:
            machine = Machine(address, key, place / "known_hosts")
            _wait_for_keeper(machine, box, place / "console.log")
            yield machine
        finally:
            _in_pure_cgroups(PULL_THE_PLUG, NAME=name).wait(30)
            box.kill()
            box.wait()


def _card(folder: Path, public_key: str) -> Path:
    """The three files of a card's boot partition, with our key in."""
    folder.mkdir()
    user_data = (REPO / "provisioning/firstboot/user-data").read_text()
    assert user_data.count(KEY_PLACE) == 1
    (folder / "user-data").write_text(user_data.replace(KEY_PLACE, public_key))
    (folder / "meta-data").write_text("instance-id: first-boot\n")
    (folder / "network-config").write_text("network:\n  config: disabled\n")
    return folder


@contextlib.contextmanager
def _cable(name: str) -> Iterator[str]:
    """A veth pair between here and a network namespace; yields the far end's address."""
    taken = subprocess.run(["ip", "-4", "-o", "addr"], capture_output=True, text=True, check=True).stdout
    net = next(f"10.77.{n}" for n in range(200, 256) if f" 10.77.{n}." not in taken)
    near, far = f"v{name}", "eth0"
    steps = (
        f"netns add {name}",
        f"link add {near} type veth peer name {far} netns {name}",
        f"addr add {net}.1/30 dev {near}",
        f"link set {near} up",
        f"-n {name} link set lo up",
        f"-n {name} addr add {net}.2/30 dev {far}",
        f"-n {name} link set {far} up",
    )
    try:
        for step in steps:
            subprocess.run(["ip", *step.split()], check=True)
        yield f"{net}.2"
    finally:  # the namespace lives on until its last process is gone, the cable must not
        subprocess.run(["ip", "link", "del", near], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def _wait_for_keeper(machine: Machine, box: subprocess.Popen[bytes], console: Path) -> None:
    """Until cloud-init has made the user and let us in; what it complains about fails the test."""
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        assert box.poll() is None, f"the machine did not boot:\n{console.read_text(errors='replace')[-2000:]}"
        try:
            machine.run("cloud-init status --wait")
            return
        except (AssertionError, subprocess.TimeoutExpired) as error:
            if time.monotonic() > deadline:
                raise AssertionError(f"no way in after {BOOT_SECONDS} s: {error}") from error
            time.sleep(0.2)


def _in_pure_cgroups(script: str, output: IO[bytes] | None = None, **words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "bash", "-c", PURE_CGROUPS + script],
        env=os.environ | words,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
    )
