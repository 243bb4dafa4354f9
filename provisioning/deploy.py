"""First deploy (首次部署): put a release, its settings and its service on a box over SSH, and see it ready.

    pyinfra provisioning/inventory.py provisioning/deploy.py -y

A second run changes nothing. The box needs SSH and Debian 12 or 13 (or Raspberry Pi OS); it fetches nothing but the
Debian packages that it may lack. Secrets travel on standard input: no output shows them, not even with --diff or -vvv.
"""

import hashlib
import shlex
from io import StringIO
from pathlib import Path

from pyinfra import config, host
from pyinfra.api import DeployError
from pyinfra.api.operation import OperationMeta
from pyinfra.facts.deb import DebPackages
from pyinfra.facts.files import Link, Sha256File
from pyinfra.facts.server import Command
from pyinfra.operations import apt, files, server, systemd
from pyinfra.operations.util import any_changed

from provisioning import bundle
from provisioning.settings_file import toml

REPO = Path(__file__).resolve().parents[1]
ROOT = "/opt/tihuo"
TOOL = f"{ROOT}/bin/tihuo-release"
CREDENTIALS = "/etc/tihuo/credentials"


def answer(command: str) -> str:
    """What a command prints on the box, asked before anything is changed there."""
    return host.get_fact(Command, f"{command} || true") or ""


def put(source: str, folder: str, name: str = "", mode: str = "644") -> OperationMeta:
    """One of our files into a folder of the box's system."""
    name = name or Path(source).name
    return files.put(name=name, src=str(REPO / source), dest=f"{folder}/{name}", user="root", group="root", mode=mode)


config.SUDO = host.data.get("ssh_user") != "root"
kiosk = host.data.get("kiosk", False)

# --- what Debian has to give -----------------------------------------------------------------------------------------
is_pi = "Raspberry Pi" in answer("tr -d '\\0' < /proc/device-tree/model 2>/dev/null")
debian = int(answer(". /etc/os-release; echo ${VERSION_ID:-13}"))
packages = ["python3-venv", "libusb-1.0-0", "libzbar0" if debian < 13 else "libzbar0t64"]
if is_pi:  # compiled against the system's own libraries: apt's are the ones that fit
    packages += ["python3-lgpio", "python3-picamera2", "python3-spidev"]
if kiosk:
    packages += ["cage", "chromium", "fonts-wqy-microhei", "xwayland"]  # cage does not start without the last
if lacking := sorted(set(packages) - set(host.get_fact(DebPackages))):
    apt.packages(name="Debian packages", packages=lacking, update=True, no_recommends=True)

# --- users and places ------------------------------------------------------------------------------------------------
users = put("systemd/tihuo.sysusers.conf", "/etc/sysusers.d", "tihuo.conf")
server.shell(name="make the users", commands=["systemd-sysusers /etc/sysusers.d/tihuo.conf"], _if=users.did_change)
for place in (ROOT, f"{ROOT}/bin", f"{ROOT}/releases"):
    files.directory(name=place, path=place, user="root", group="root", mode="755")
files.directory(name="settings' place", path="/etc/tihuo", user="root", group="tihuo", mode="750")
files.directory(name="secrets' place", path=CREDENTIALS, user="root", group="root", mode="700")

# --- the log, in memory ----------------------------------------------------------------------------------------------
quiet = put("systemd/tihuo-journald.conf", "/etc/systemd/journald.conf.d", "tihuo.conf")
server.shell(name="log to memory", commands=["systemctl restart systemd-journald"], _if=quiet.did_change)

# --- settings and secrets --------------------------------------------------------------------------------------------
settings = files.put(
    name="settings",
    src=StringIO(
        "# Written by the deploy from its inventory: change it there.\n"
        + toml({"data_dir": "/var/lib/tihuo", **host.data.settings})
    ),
    dest="/etc/tihuo/tihuo.toml",
    user="root",
    group="tihuo",
    mode="640",
)
changed = [settings]
for name, secret in host.data.get("secrets", {}).items():
    place = f"{CREDENTIALS}/{name}"
    written = hashlib.sha256(f"{secret}\n".encode()).hexdigest()  # pyinfra ends standard input with a newline
    if host.get_fact(Sha256File, place) != written:
        command = f"umask 077; cat > {shlex.quote(place)}"
        changed.append(server.shell(name=f"secret {name}", commands=[command], _stdin=secret))

# --- units -----------------------------------------------------------------------------------------------------------
door = put("systemd/tihuo.socket", "/etc/systemd/system")
service = put("systemd/tihuo.service", "/etc/systemd/system")
changed += [door, service]
systemd.daemon_reload(name="read the units", _if=any_changed(door, service))
server.shell(name="close the old door", commands=["systemctl stop tihuo.service tihuo.socket"], _if=door.did_change)

# --- release ---------------------------------------------------------------------------------------------------------
machine, python = answer("uname -m; python3 -c 'import platform; print(platform.python_version())'").split()
wheel = host.data.get("wheel")
release = bundle.make(bundle.Target(machine, python), Path(wheel) if wheel else None)
installed = answer(f"cat {ROOT}/releases/{release.version}/.complete 2>/dev/null")
if installed and installed != release.digest:
    raise DeployError(f"{host.name} has another build called {release.version}: give this one a version of its own")
put("provisioning/tihuo-release", f"{ROOT}/bin", mode="755")
put("provisioning/tihuo", "/usr/local/bin", mode="755")
if not installed:
    upload = f"{ROOT}/{release.path.name}"
    files.put(name="upload the release", src=str(release.path), dest=upload, mode="600")
    server.shell(name="install the release", commands=[f"{TOOL} install {upload} {release.version} {release.digest}"])
    files.file(name="remove the upload", path=upload, present=False)

# --- on --------------------------------------------------------------------------------------------------------------
current = host.get_fact(Link, f"{ROOT}/current")
is_new = not current or current["link_target"] != f"releases/{release.version}"
# a deploy that was cut off may have left what the running daemon has never read
started = "systemctl show tihuo.service -P ActiveEnterTimestamp --timestamp=us+utc"
unread = answer(f'find /etc/tihuo /etc/systemd/system/tihuo.* -newermt "$({started})" 2>/dev/null')
server.shell(
    name="start and see it ready",
    commands=[f"{TOOL} activate {release.version}"],
    _if=lambda: is_new or unread or any(step.did_change() for step in changed),
)
systemd.service(name="door open", service="tihuo.socket", enabled=True)
systemd.service(name="daemon on", service="tihuo.service", enabled=True)

if kiosk:
    viewer = put("systemd/tihuo-kiosk.sysusers.conf", "/etc/sysusers.d", "tihuo-kiosk.conf")
    screen = put("systemd/tihuo-kiosk.service", "/etc/systemd/system")
    watch = [put(f"systemd/tihuo-kiosk-watch.{kind}", "/etc/systemd/system") for kind in ("service", "timer")]
    policy = put("provisioning/kiosk-policy.json", "/etc/chromium/policies/managed", "tihuo-kiosk.json")
    show = ["systemd-sysusers /etc/sysusers.d/tihuo-kiosk.conf", "systemctl daemon-reload"]
    shown = any_changed(viewer, screen, policy, *watch)
    server.shell(name="show the page", commands=[*show, "systemctl restart tihuo-kiosk"], _if=shown)
    systemd.service(name="kiosk on", service="tihuo-kiosk.service", enabled=True)
    systemd.service(name="kiosk watched", service="tihuo-kiosk-watch.timer", enabled=True)
