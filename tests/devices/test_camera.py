"""The camera in its own process: what it sees, and how it is replaced when it hangs, dies or is pulled out."""

from __future__ import annotations

import io
import os
import queue
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.devices import codes
from tests.devices.conftest import REPO
from tihuo.devices.camera import TrayCamera
from tihuo.devices.picture_folder import FolderFrames
from tihuo.devices.ports import LONGEST_TEXT, Camera, Sighting
from tihuo.devices.simulated import SimulatedCamera
from tihuo.devices.simulated.tray import SimulatedTray
from tihuo.devices.troubles import DeviceTrouble

pytestmark = pytest.mark.slow

LONG_S = 30.0
TEXT = "TH1:DEMO:7Q2K4M:9XW3"


class Eyes:
    """A camera that is on, and what it reports, in order."""

    def __init__(self, camera: Camera) -> None:
        self._heard: queue.Queue[Sighting | DeviceTrouble | None] = queue.Queue()
        self.camera = camera
        camera.start(self._heard.put, self._heard.put)

    def next(self) -> Sighting | DeviceTrouble | None:
        return self._heard.get(timeout=LONG_S)

    def sighting(self) -> Sighting:
        """The next one, which must not be a trouble."""
        heard = self.next()
        assert isinstance(heard, Sighting), heard
        return heard

    def next_text(self) -> str:
        return self.sighting().text

    def nothing_but(self, text: str) -> None:
        """Nothing more was reported before this text, which was held up for the purpose."""
        assert self.next_text() == text

    def trouble(self, code: str) -> DeviceTrouble:
        heard = self.next()
        assert isinstance(heard, DeviceTrouble)
        assert heard.code == code
        return heard

    def recovery(self) -> None:
        """The end of a trouble; what was lying in the tray may be seen again on the way."""
        while (heard := self.next()) is not None:
            assert isinstance(heard, Sighting), heard


@pytest.fixture
def camera() -> Iterator[SimulatedCamera]:
    made = SimulatedCamera(size=(640, 480), hang_after_s=5.0, start_within_s=LONG_S)
    yield made
    made.stop()


@pytest.fixture
def eyes(camera: SimulatedCamera) -> Eyes:
    return Eyes(camera)


def test_a_code_held_under_the_camera_is_reported_once(camera: SimulatedCamera, eyes: Eyes) -> None:
    camera.hold(codes.qr(TEXT))
    seen = eyes.sighting()
    assert (seen.text, seen.symbology, seen.oversize) == (TEXT, "qr", False)
    camera.hold(codes.qr("another"))
    eyes.nothing_but("another")


def test_the_time_of_a_sighting_is_when_the_frame_was_taken(camera: SimulatedCamera, eyes: Eyes) -> None:
    camera.hold(codes.qr("first"))
    first = eyes.sighting()
    camera.hold(codes.qr("second"))
    second = eyes.sighting()
    assert 1_700_000_000_000 < first.at < second.at


@pytest.mark.parametrize(
    ("picture", "text", "symbology"),
    [
        (codes.qr(TEXT, dark="white", light="black"), TEXT, "qr"),
        (codes.ean13("6901234567892"), "6901234567892", "ean13"),
        (codes.code128("SHELF-A07"), "SHELF-A07", "code128"),
    ],
    ids=["dark theme", "ean13", "code128"],
)
def test_other_codes_are_seen_too(
    camera: SimulatedCamera, eyes: Eyes, picture: bytes, text: str, symbology: str
) -> None:
    camera.hold(picture)
    seen = eyes.sighting()
    assert (seen.text, seen.symbology) == (text, symbology)


def test_a_huge_qr_code_is_cut_and_marked(camera: SimulatedCamera, eyes: Eyes) -> None:
    camera.hold(codes.qr("HTTPS://EVIL.EXAMPLE/" + "A" * 2000, scale=3))
    seen = eyes.sighting()
    assert seen.oversize
    assert len(seen.text) == LONGEST_TEXT


def test_a_code_with_strange_characters_arrives_as_it_is(camera: SimulatedCamera, eyes: Eyes) -> None:
    text = 'line\nfeed "quote" \\ 提货 \x00'
    camera.hold(codes.qr(text))
    assert eyes.next_text() == text


def test_a_camera_that_hangs_is_replaced() -> None:
    camera = SimulatedCamera(size=(640, 480), hang_after_s=1.0, start_within_s=LONG_S)
    eyes = Eyes(camera)
    camera.hold(codes.qr("before"))
    assert eyes.next_text() == "before"
    hung = camera.process_id
    camera.clear()
    camera.hang()
    assert eyes.trouble("camera_hung").silent_ms == 1000
    camera.hold(codes.qr("after"))
    heard = [eyes.next(), eyes.next()]
    assert None in heard
    assert [sighting.text for sighting in heard if isinstance(sighting, Sighting)] == ["after"]
    assert camera.process_id != hung
    camera.stop()
    assert hung is not None
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)


def test_a_capture_process_that_dies_is_replaced(camera: SimulatedCamera, eyes: Eyes) -> None:
    camera.hold(codes.qr("before"))
    assert eyes.next_text() == "before"
    assert camera.process_id is not None
    camera.clear()
    os.kill(camera.process_id, signal.SIGSEGV)
    assert eyes.trouble("camera_died").exit_code == -signal.SIGSEGV
    eyes.recovery()
    camera.hold(codes.qr("after"))
    assert eyes.next_text() == "after"


def test_an_unplugged_camera_is_told_once_and_comes_back(camera: SimulatedCamera, eyes: Eyes) -> None:
    camera.hold(codes.qr("before"))
    assert eyes.next_text() == "before"
    camera.unplug()
    eyes.trouble("camera_unplugged")
    camera.hold(codes.qr("after"))
    camera.plug()
    heard = [eyes.next(), eyes.next()]
    assert None in heard
    assert [sighting.text for sighting in heard if isinstance(sighting, Sighting)] == ["after"]


def test_another_process_can_hold_a_code_under_the_camera(tmp_path: Path) -> None:
    camera = SimulatedCamera(tmp_path, size=(640, 480))
    eyes = Eyes(camera)
    SimulatedTray(tmp_path).hold(codes.qr(TEXT))
    assert eyes.next_text() == TEXT
    camera.stop()


def test_stop_ends_the_capture_process_even_if_it_hangs() -> None:
    camera = SimulatedCamera(size=(640, 480), hang_after_s=LONG_S)
    eyes = Eyes(camera)
    camera.hold(codes.qr("before"))
    assert eyes.next_text() == "before"
    process = camera.process_id
    assert process is not None
    camera.hang()
    camera.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_failing_callback_does_not_blind_the_shop() -> None:
    camera = SimulatedCamera(size=(640, 480))
    seen: queue.Queue[str] = queue.Queue()

    def on_sighting(sighting: Sighting) -> None:
        seen.put(sighting.text)
        raise RuntimeError("a bad scan")

    camera.start(on_sighting, lambda trouble: None)
    for text in ("one", "two"):
        camera.hold(codes.qr(text))
        assert seen.get(timeout=LONG_S) == text
    camera.stop()


def test_the_capture_process_ends_with_the_daemon(tmp_path: Path) -> None:
    """Killed without a chance to say goodbye, while the camera hangs: nobody may keep the camera's device open."""
    script = f"""
import os, pathlib, sys
from tihuo.devices.simulated import SimulatedCamera
from tests.devices import codes
camera = SimulatedCamera(pathlib.Path({str(tmp_path)!r}), size=(640, 480))
def seen(sighting):
    print(camera.process_id, flush=True)
camera.start(seen, lambda trouble: None)
camera.hold(codes.qr("x"))
sys.stdin.read()
"""
    environment = os.environ | {"PYTHONPATH": f"{REPO / 'daemon'}{os.pathsep}{REPO}"}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as daemon:
        assert daemon.stdout is not None
        child = int(daemon.stdout.readline())
        handle = os.pidfd_open(child)
        SimulatedTray(tmp_path).hang()
        daemon.kill()
    assert select.select([handle], [], [], LONG_S)[0]
    os.close(handle)


def test_a_camera_whose_library_is_missing_says_which() -> None:
    """picamera2 exists on a Pi only; where it is installed there is no camera on this machine."""
    eyes = Eyes(TrayCamera({"kind": "picamera2"}, size=(640, 480)))
    heard = eyes.next()
    assert isinstance(heard, DeviceTrouble)
    assert heard.code in ("camera_missing_driver", "camera_unplugged")
    eyes.camera.stop()


def test_a_usb_camera_that_is_not_there_is_told() -> None:
    eyes = Eyes(TrayCamera({"kind": "v4l2", "device": "/dev/no-such-camera"}, size=(640, 480)))
    assert eyes.trouble("camera_unplugged").facts == {
        "device": "/dev/no-such-camera",
        "reason": "No such file or directory",
    }
    eyes.camera.stop()


def test_a_file_that_is_no_camera_is_told() -> None:
    eyes = Eyes(TrayCamera({"kind": "v4l2", "device": "/dev/null"}, size=(640, 480)))
    assert eyes.trouble("camera_unplugged").device == "/dev/null"
    eyes.camera.stop()


# --- a folder of pictures ------------------------------------------------------------------------------------------


def folder_camera(folder: Path) -> Eyes:
    return Eyes(TrayCamera({"kind": "folder", "folder": str(folder)}, size=(640, 480)))


def test_each_picture_is_shown_for_a_few_frames_and_never_again(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(codes.qr("one"))
    (tmp_path / "2.png").write_bytes(codes.qr("two"))
    source = FolderFrames(str(tmp_path), (64, 48), frames_each=3)
    source.open()
    frames = [source.grab() for _ in range(9)]
    assert [frame is not None for frame in frames] == [True] * 6 + [False] * 3
    assert frames[0] is frames[2]
    assert frames[3] is frames[5] is not frames[0]


def test_a_folder_may_be_played_again_and_again(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(codes.qr("one"))
    source = FolderFrames(str(tmp_path), (64, 48), frames_each=2, again=True)
    source.open()
    assert all(source.grab() is not None for _ in range(9))


def test_pictures_are_shown_by_name_and_new_ones_join_in(tmp_path: Path) -> None:
    (tmp_path / "2.png").write_bytes(codes.qr("two"))
    (tmp_path / "1.png").write_bytes(codes.qr("one"))
    (tmp_path / "notes.txt").write_text("no picture")
    eyes = folder_camera(tmp_path)
    assert [eyes.next_text(), eyes.next_text()] == ["one", "two"]
    (tmp_path / "0.png").write_bytes(codes.qr("three"))
    assert eyes.next_text() == "three"
    eyes.camera.stop()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_half_written_picture_is_told_skipped_and_read_when_it_is_whole(kind: str, tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.open(io.BytesIO(codes.qr("whole"))).convert("L").resize((600, 600)).save(whole, kind)
    place = tmp_path / f"1.{kind.lower()}"
    place.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (tmp_path / "2.png").write_bytes(codes.qr("next"))
    eyes = folder_camera(tmp_path)
    assert eyes.trouble("camera_picture_unreadable").name == place.name
    heard = [eyes.next(), eyes.next()]
    assert None in heard
    assert [sighting.text for sighting in heard if isinstance(sighting, Sighting)] == ["next"]
    place.write_bytes(whole.getvalue())
    assert eyes.next_text() == "whole"
    eyes.camera.stop()


def test_a_picture_that_claims_to_be_enormous_is_not_unpacked(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    Image.new("1", (9000, 9000)).save(bomb, "PNG")
    (tmp_path / "1.png").write_bytes(bomb.getvalue())
    eyes = folder_camera(tmp_path)
    assert eyes.trouble("camera_picture_unreadable").name == "1.png"
    eyes.camera.stop()


def test_a_folder_that_is_not_there_is_told_and_watched_for(tmp_path: Path) -> None:
    eyes = folder_camera(tmp_path / "later")
    eyes.trouble("camera_unplugged")
    (tmp_path / "later").mkdir()
    eyes.recovery()
    (tmp_path / "later" / "1.png").write_bytes(codes.qr("now"))
    assert eyes.next_text() == "now"
    eyes.camera.stop()
