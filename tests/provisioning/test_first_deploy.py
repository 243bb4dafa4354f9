"""A box is brought up as an owner does it: a card, one command over SSH, and from then on it looks after itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

import tihuo
from provisioning import bundle
from tests.provisioning import machine

SUITE = os.environ.get("TIHUO_SUITE", "bookworm")
SETTINGS: dict[str, object] = {
    "store_id": "S07",
    "shop_name": "示范“小店”",
    "kiosks": ["k1", "k2"],
    "print_receipts": False,
    # no broker there: a shop opens without the cloud, but not without its password
    "cloud": {
        "host": "127.0.0.1",
        "port": 1,
        "tls": False,
        "username": "S07",
        "password_file": "/run/credentials/tihuo.service/cloud_password",
    },
    "shelf": [
        {"name": "shelf", "zone": "ambient", "rows": 2, "columns": 3},
        {"name": "fridge", "zone": "chilled", "rows": 1, "columns": 2},
    ],
}
SECRET = "a-password-that-nobody-may-see"
why_not = machine.missing()
pytestmark = [
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(400),  # cold, a Debian and the wheels are fetched
    pytest.mark.skipif(bool(why_not), reason=f"no machine to deploy to: {why_not}"),
]


@dataclass(frozen=True)
class Told:
    """What a deploy said: its exit status, all its words, and which of its steps changed something."""

    status: int
    words: str
    changed: list[str]


@dataclass(frozen=True)
class Box:
    """The machine on the counter, as its owner sees it: deploy to it, ask it, open its pages."""

    there: machine.Machine
    place: Path
    wheel: Path

    def deploy(self, *options: str, settings: dict[str, object]) -> Told:
        data = {
            "ssh_user": machine.USER,
            "ssh_key": str(self.there.key),
            "ssh_known_hosts_file": str(self.there.known_hosts),
            "ssh_strict_host_key_checking": "accept-new",
            "wheel": str(self.wheel),
            "settings": settings,
            "secrets": {"password": SECRET},
        }
        inventory = self.place / "inventory.py"
        inventory.write_text(f"shops = [({self.there.address!r}, {data!r})]\n")
        told = subprocess.run(
            [sys.executable, "-m", "pyinfra", "-y", "--json", *options, str(inventory), "provisioning/deploy.py"],
            cwd=machine.REPO,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        try:
            steps = json.loads(told.stdout)["results"]["operations"]
        except ValueError:
            steps = []
        return Told(told.returncode, told.stdout + told.stderr, [step["name"] for step in steps if step["success"]])

    def is_(self, *properties: str) -> list[str]:
        """What systemd says of the daemon, e.g. `is_("ActiveState", "SubState")`."""
        command = f"systemctl show tihuo.service --property {','.join(properties)}"
        told = dict(line.split("=", 1) for line in self.there.run(command).splitlines())
        return [told[name] for name in properties]

    def health(self) -> dict[str, object]:
        """The answer of the health page, seen from outside; waits for as long as the socket makes it wait."""
        with urlopen(f"http://{self.there.address}/healthz", timeout=60) as answer:
            health: dict[str, object] = json.load(answer)
            return health

    def wait_for_restart(self, after: str) -> None:
        """Until systemd has restarted the daemon more often than `after` times, and it is ready."""
        self.there.run(
            f"until [ $(systemctl show tihuo -P NRestarts) -gt {after} ] && systemctl -q is-active tihuo.service;"
            " do sleep 0.2; done",
            timeout=60,
        )


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    place = tmp_path_factory.mktemp("box")
    wheel = bundle.build_wheel()  # once: somebody may be changing this tree while its test runs
    with machine.running(SUITE, place) as there:
        yield Box(there, place, wheel)


@pytest.fixture(scope="module")
def first(bare: Box) -> Told:
    return bare.deploy("--diff", "-vvv", settings=SETTINGS)


@pytest.fixture
def box(bare: Box, first: Told) -> Box:
    assert first.status == 0, first.words[-4000:]
    return bare


def test_one_command_sees_the_box_ready(box: Box) -> None:
    assert box.is_("Type", "ActiveState", "SubState", "NRestarts", "UnitFileState", "User") == [
        *("notify", "active", "running", "0", "enabled", "tihuo"),
    ]
    health = box.health()
    assert (health["ok"], health["version"]) == (True, tihuo.__version__)


def test_settings_are_for_the_daemon_and_secrets_for_nobody(box: Box, first: Told) -> None:
    assert tomllib.loads(box.there.run("cat /etc/tihuo/tihuo.toml")) == SETTINGS | {"data_dir": "/var/lib/tihuo"}
    files = "/etc/tihuo/tihuo.toml /etc/tihuo/credentials /etc/tihuo/credentials/password /var/lib/tihuo"
    assert box.there.run(f"stat -c '%A %U %G' {files}").splitlines() == [
        "-rw-r----- root tihuo",
        "drwx------ root root",
        "-rw------- root root",
        "drwxr-x--- tihuo tihuo",
    ]
    assert box.there.run("cat /etc/tihuo/credentials/password") == SECRET
    assert SECRET not in first.words


def test_the_box_itself_is_a_kiosk_and_a_stranger_is_asked_who_he_is(box: Box) -> None:
    page = "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1/kiosk').status)\""
    assert box.there.run(page) == "200"
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"http://{box.there.address}/kiosk")


def test_commands_work_over_ssh_beside_the_daemon_and_leave_it_its_files(box: Box) -> None:
    box.there.run("echo 24681357 | tihuo user 店主 --role owner --pin-stdin")
    assert [person["name"] for person in json.loads(box.there.run("tihuo user --json"))] == ["店主"]
    box.there.run("tihuo backup /var/lib/tihuo/copy.db")
    assert box.there.run("find /var/lib/tihuo ! -user tihuo") == ""


def test_what_a_cut_off_deploy_left_behind_is_read_by_the_next_one(box: Box) -> None:
    box.there.run("touch /etc/tihuo/tihuo.toml")
    assert box.deploy(settings=SETTINGS).changed == ["start and see it ready"]


def test_a_second_run_changes_nothing(box: Box) -> None:
    before = box.is_("MainPID", "ActiveEnterTimestampMonotonic")
    again = box.deploy(settings=SETTINGS)
    assert (again.status, again.changed) == (0, []), again.words[-4000:]
    assert box.is_("MainPID", "ActiveEnterTimestampMonotonic") == before


def test_the_log_stays_in_memory(box: Box) -> None:
    box.there.run("touch /run/now; logger something new; journalctl --sync")
    assert "something new" in box.there.run("journalctl --no-pager -n 20")
    assert box.there.run("find /var/log/journal -type f -newer /run/now 2>/dev/null || :") == ""


def test_the_closed_unit_sees_whether_the_clock_was_synchronised(box: Box) -> None:
    assert box.health()["parts"]["clock"] == "clock_unsure"  # a container has no timesyncd
    box.there.run("mkdir -p /run/systemd/timesync; touch /run/systemd/timesync/synchronized")
    until = time.monotonic() + 20
    while box.health()["parts"]["clock"] != "ok":
        assert time.monotonic() < until, box.health()


def test_the_unit_is_sound_and_closed(box: Box) -> None:
    assert box.there.run("systemd-analyze verify tihuo.service tihuo.socket 2>&1") == ""
    box.there.run("systemd-analyze security --no-pager --threshold=15 tihuo.service")
    assert box.is_("NotifyAccess", "WatchdogUSec", "Restart") == ["main", "20s", "always"]


def test_the_kiosk_unit_is_sound(box: Box) -> None:
    unit = (machine.REPO / "systemd/tihuo-kiosk.service").read_text()
    programs = "for program in cage chromium; do ln -sf /bin/true /usr/bin/$program; done"
    box.there.run(f"{programs}\ncat > /run/systemd/system/tihuo-kiosk.service <<'UNIT'\n{unit}\nUNIT")
    assert box.there.run("systemd-analyze verify tihuo-kiosk.service 2>&1") == ""


def test_after_kill_9_it_is_back_and_no_page_is_refused(box: Box) -> None:
    restarts, killed = box.is_("NRestarts", "MainPID")
    box.there.run(f"kill -9 {killed}")
    assert box.health()["ok"] is True
    box.wait_for_restart(restarts)
    assert box.is_("MainPID") != [killed]


def test_a_frozen_daemon_is_killed_and_restarted(box: Box) -> None:
    patience = "/run/systemd/system/tihuo.service.d"
    box.there.run(f"mkdir -p {patience}; printf '[Service]\\nWatchdogSec=3\\n' > {patience}/short.conf")
    box.there.run("systemctl daemon-reload; systemctl restart tihuo.service")
    restarts, frozen = box.is_("NRestarts", "MainPID")
    box.there.run(f"kill -STOP {frozen}")
    box.wait_for_restart(restarts)
    assert box.is_("MainPID") != [frozen]
    assert "Watchdog timeout" in box.there.run("journalctl -u tihuo.service -o cat")
    box.there.run(f"rm -r {patience}; systemctl daemon-reload")


def test_a_deploy_that_does_not_come_up_fails_and_says_why(box: Box) -> None:
    broken = box.deploy(settings=SETTINGS | {"shop_nmae": "misspelt"})
    assert broken.status == 1
    assert "did not come up" in broken.words
    assert "shop_nmae" in broken.words
    mended = box.deploy(settings=SETTINGS)
    assert mended.status == 0, mended.words[-4000:]
    assert box.health()["ok"] is True
