"""Which kiosk a camera or scanner stands at: settings that make sense, and a box with two kiosks."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.devices import codes
from tihuo.boards.kiosk import kiosk_picture
from tihuo.cli.doctor import examine
from tihuo.devices.simulated import SimulatedCamera, SimulatedScanner
from tihuo.settings import CameraChoice, Http, ScannerChoice, Settings, SettingsTrouble, load
from tihuo.shop.tray import keep_tray
from tihuo.wiring.box import Box
from tihuo.wiring.devices import fit


def settings(**more: Any) -> Settings:
    return Settings(http=Http(host="127.0.0.1", port=0), kiosks=("k1", "k2"), **more)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('[cameras.k9]\nkind = "v4l2"', "there is no such kiosk"),
        ('[cameras.k1]\nkind = "picamera2"\ndevice = "/dev/video0"', "a Pi counts its cameras from 0"),
        ('[cameras.k1]\nkind = "v4l2"\ntray = [0.5, 0, 0.6, 1]', "the tray lies in the picture"),
        ('[scanners.gun]\nkind = "evdev"\ndevice = "1eab:0022"', "a kiosk or a station"),
        ('[scanners.gun]\nkind = "evdev"\ndevice = "x"\nkiosk = "k1"\nstation = "table"', "a kiosk or a station"),
        ('[scanners.gun]\nkind = "evdev"\nkiosk = "k1"', "say which one it is"),
        ('[scanners.gun]\nkind = "evdev"\ndevice = "x"\nkiosk = "k9"', "there is no such kiosk"),
        ('[scanners.Gun]\nkind = "none"', "small letters"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "tihuo.toml"
    file.write_text(wrong)
    with pytest.raises(SettingsTrouble, match=said):
        load(file)


def test_the_environment_names_a_camera_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIHUO_CAMERAS__K1__KIND", "v4l2")
    monkeypatch.setenv("TIHUO_CAMERAS__K1__FPS", "8")
    assert load(None).cameras == {"k1": CameraChoice(kind="v4l2", fps=8)}


@pytest.mark.parametrize(
    ("fitted", "eyes"),
    [
        ({}, {"k1": ("camera",), "k2": ("camera_k2",)}),
        (
            {"cameras": {"k1": CameraChoice(kind="v4l2"), "k2": CameraChoice(kind="picamera2")}},
            {"k1": ("camera",), "k2": ("camera_k2",)},
        ),
        (
            {"scanners": {"gun": ScannerChoice(kind="evdev", device="x", kiosk="k2")}},
            {"k1": ("camera",), "k2": ("scanner_gun",)},
        ),
        (
            {
                "cameras": {"k1": CameraChoice(kind="v4l2")},
                "scanners": {
                    "gun": ScannerChoice(kind="serial", device="/dev/ttyACM0", kiosk="k1"),
                    "table": ScannerChoice(kind="evdev", device="x", station="table"),
                },
            },
            {"k1": ("camera", "scanner_gun"), "k2": ("camera_k2",)},
        ),
    ],
    ids=["nothing", "two cameras", "a scanner alone", "both, and a table"],
)
def test_what_reads_codes_at_each_kiosk(fitted: Any, eyes: dict[str, tuple[str, ...]]) -> None:
    chosen = settings(**fitted)
    assert {kiosk: chosen.eyes_of(kiosk) for kiosk in chosen.kiosks} == eyes


def test_every_kind_of_scanner_is_fitted_without_touching_it() -> None:
    chosen = settings(
        scanners={
            "gun": ScannerChoice(kind="evdev", device="1eab:0022", kiosk="k1"),
            "line": ScannerChoice(kind="serial", device="/dev/ttyACM0", station="table"),
            "spare": ScannerChoice(kind="none"),
        }
    )
    fitting = fit(chosen, ["A01"])
    assert set(fitting.scanners) == {"gun", "line"}
    assert (fitting.cameras, fitting.simulated) == ({}, None)
    fitting.close()


def test_the_doctor_looks_for_every_camera_and_scanner(tmp_path: Path) -> None:
    chosen = settings(
        data_dir=tmp_path,
        cameras={"k1": CameraChoice(kind="v4l2", device="/dev/no-such-camera"), "k2": CameraChoice(kind="picamera2")},
        scanners={
            "gun": ScannerChoice(kind="evdev", device="1eab:0022", kiosk="k1"),
            "line": ScannerChoice(kind="serial", device="/dev/no-such-line", station="table"),
        },
    )
    found = {finding.part: finding for finding in examine(chosen)}
    assert [bool(found[part].advice) for part in ("camera k1", "camera k2", "scanner gun", "scanner line")] == [
        True,
        False,
        False,
        True,
    ]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A camera at the first kiosk, a scanner at the second."""
    chosen = settings(
        data_dir=tmp_path,
        cameras={"k1": CameraChoice(kind="simulated", width=640, height=480)},
        scanners={"gun": ScannerChoice(kind="simulated", kiosk="k2")},
    )
    made = Box(chosen)
    made.start()
    yield made
    made.stop()


def twins(box: Box) -> tuple[SimulatedCamera, SimulatedScanner]:
    assert box.fitting.simulated is not None
    return box.fitting.simulated.cameras["k1"], box.fitting.simulated.scanners["gun"]


@pytest.mark.slow
def test_each_kiosk_hears_its_own_eye_alone(box: Box) -> None:
    camera, scanner = twins(box)
    committed: queue.Queue[object] = queue.Queue()
    box.writer.listen(committed.put)
    camera.hold(codes.qr("https://example.org/"))
    committed.get(timeout=30)
    assert box.readers.read(kiosk_picture, "k1").state == "web_page"
    assert box.readers.read(kiosk_picture, "k2").state == "idle"
    while not committed.empty():
        committed.get()
    scanner.scan("TH1:S01:7:CP6C7T5YCSWVB7GL")
    committed.get(timeout=30)
    assert box.readers.read(kiosk_picture, "k2").state == "unknown_code"
    assert box.readers.read(kiosk_picture, "k1").state == "web_page"


@pytest.mark.slow
def test_a_kiosk_is_blind_when_all_its_eyes_are(box: Box) -> None:
    assert {part.name: part.trouble for part in box.parts() if part.name.startswith(("camera", "scanner"))} == {
        "camera": "",
        "scanner_gun": "",
    }
    assert box.door.blind("k2", box.parts()) == []
    _, scanner = twins(box)
    scanner.unplug()
    deadline = time.monotonic() + 30
    while not box.door.blind("k2", box.parts()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [part.name for part in box.door.blind("k2", box.parts())] == ["scanner_gun"]
    assert box.door.blind("k1", box.parts()) == []


@pytest.mark.slow
def test_the_tray_that_was_drawn_counts_after_a_start(tmp_path: Path) -> None:
    chosen = settings(data_dir=tmp_path, cameras={"k1": CameraChoice(kind="simulated", tray=(0, 0, 0.5, 0.5))})
    for drawn, expected in ((None, (0, 0, 0.5, 0.5)), ((0.2, 0.2, 0.6, 0.6), (0.2, 0.2, 0.6, 0.6))):
        if drawn is not None:
            box = Box(chosen)
            box.writer.start()
            box.writer.write(keep_tray, "k1", drawn).result(30)
            box.stop()
        box = Box(chosen)
        camera = box.fitting.cameras["k1"]
        assert isinstance(camera, SimulatedCamera)
        heard: queue.Queue[object] = queue.Queue()
        camera.start(heard.put, heard.put)
        camera.hold(codes.qr("x" * 30))
        seen = camera.look(30)
        assert seen is not None
        assert seen.tray == expected
        box.stop()
