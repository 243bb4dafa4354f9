"""A Pi's camera without a Pi: Debian 13's libcamera and Python in a folder, and the real picamera2 above them.

libcamera's `virtual` pipeline plays pictures as a camera. It is new enough in trixie-backports only, which is built for
another Python and C library than this machine's: everything is unpacked into a root of its own and run there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.hwlab import stores

REPO = Path(__file__).resolve().parents[2]
WANTED = [
    "python3",
    "python3-libcamera",
    "libc-bin",
    "libcamera-ipa",
    "python3-numpy",
    "python3-pil",
    "python3-prctl",
    "python3-av",
    "python3-piexif",
    "python3-jsonschema",
    "python3-libarchive-c",
    "python3-tqdm",
    "libzbar0",
]
WHEELS = ["picamera2>=0.3.38", "simplejpeg", "videodev2", "openexr", "zxing-cpp>=3.1", "pyzbar"]
SIZES = ((1280, 720), (640, 480), (1000, 562))
"""What this camera can do; anything else is adjusted to one of them, as a Pi adjusts to its alignment."""
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def build() -> Path:
    """The folder with `root`; all but our own code and the pictures, which are added at each start."""
    place = stores.folder() / "camera"
    ready = place / "ready"
    if ready.exists():
        return place
    root = place / "root"
    for merged in ("bin", "sbin", "lib", "lib64"):  # links that a package makes whose scripts never run here
        (root / "usr" / merged).mkdir(parents=True, exist_ok=True)
        if not (root / merged).is_symlink():
            (root / merged).symlink_to(f"usr/{merged}")
    for deb in stores.debs(place, "amd64", WANTED, suites=("trixie", "trixie-backports")):
        stores.unpack(deb, root)
    for library, folder in (("libblas.so.3", "blas"), ("liblapack.so.3", "lapack")):
        link = root / LIBRARIES / library
        if not link.exists():
            link.symlink_to(f"{folder}/{library}")
    site = stores.wheels(place, "x86_64", WHEELS, python="3.13")
    shutil.copytree(site, root / "opt" / "site", dirs_exist_ok=True)
    stores.run(*_inside(root), "/usr/sbin/ldconfig")  # pyzbar asks it where its library is
    ready.touch()
    return place


def _inside(root: Path) -> list[str]:
    """How a command is begun in that root, by anybody."""
    for folder in ("proc", "dev"):
        (root / folder).mkdir(exist_ok=True)
    (root / "dev" / "null").touch()  # as a file, which anybody may make
    alone = ["unshare"] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
    return [*alone, "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root / 'proc'}", "chroot", str(root)]


def run(pictures: list[bytes], *wishes: dict[str, Any]) -> list[dict[str, Any]]:
    """What `camera_inside.py` answers to each of `wishes`, with these JPEGs before the camera.

    Raises `AssertionError` with what it said instead.
    """
    root = build() / "root"
    ours = root / "opt" / "tihuo"
    shutil.rmtree(ours, ignore_errors=True)
    for room in ("devices", "shop"):
        shutil.copytree(REPO / "daemon" / "tihuo" / room, ours / "tihuo" / room)
    (ours / "tihuo" / "__init__.py").touch()
    for name, there in (("camera_inside.py", "camera_inside.py"), ("camera_seams.py", "sitecustomize.py")):
        shutil.copy(Path(__file__).with_name(name), ours / there)
    frames = root / "frames"
    shutil.rmtree(frames, ignore_errors=True)
    for folder in (frames, root / "tmp", root / "usr/share/libcamera/pipeline/virtual"):
        folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        (frames / f"{number:03d}.jpg").write_bytes(picture)
    (root / "usr/share/libcamera/pipeline/virtual/virtual.yaml").write_text(_camera_of(SIZES))
    done = subprocess.run(
        [*_inside(root), "/usr/bin/python3", "/opt/tihuo/camera_inside.py"],
        input=json.dumps(wishes),
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": "/usr/sbin:/usr/bin", "HOME": "/tmp", "PYTHONPATH": "/opt/tihuo:/opt/site"},
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    answers: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def _camera_of(sizes: tuple[tuple[int, int], ...]) -> str:
    able = "".join(f"  - width: {width}\n    height: {height}\n    frame_rates:\n    - 30\n" for width, height in sizes)
    return (
        f'%YAML 1.1\n---\n"Virtual0":\n  supported_formats:\n{able}  frames:\n    path: "/frames"\n'
        '    scale_mode: "fill"\n  location: "CameraLocationFront"\n  model: "a shop\'s camera"\n'
    )
