"""The camera in its own process: what it sees, and how it is replaced when it hangs, dies or is pulled out."""

from __future__ import annotations

import io
import os
import queue
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

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


def test_the_largest_qr_code_there_is_stops_nobody() -> None:
    camera = SimulatedCamera()
    eyes = Eyes(camera)
    camera.hold(codes.qr("HTTPS://EVIL.EXAMPLE/" + "A" * 4275, scale=3, error="l"))
    seen = eyes.sighting()
    assert (len(seen.text), seen.oversize) == (LONGEST_TEXT, True)
    camera.hold(codes.qr(TEXT))
    eyes.nothing_but(TEXT)
    camera.stop()


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


def test_a_capture_process_that_takes_more_and_more_memory_is_replaced(camera: SimulatedCamera, eyes: Eyes) -> None:
    camera.hold(codes.qr("before"))
    assert eyes.next_text() == "before"
    swollen = camera.process_id
    camera.swell()
    assert int(str(eyes.trouble("camera_swollen").megabytes)) >= 160
    eyes.recovery()
    camera.hold(codes.qr("after"))
    assert eyes.next_text() == "after"
    assert camera.process_id != swollen


def test_a_capture_process_that_spins_is_replaced() -> None:
    """In the decoder, say: the process is busy, and says nothing."""
    camera = SimulatedCamera(size=(640, 480), hang_after_s=1.0, start_within_s=LONG_S)
    eyes = Eyes(camera)
    camera.hold(codes.qr("before"))
    assert eyes.next_text() == "before"
    spinning = camera.process_id
    camera.tray.spin()
    assert eyes.trouble("camera_hung").silent_ms == 1000
    eyes.recovery()
    assert camera.process_id != spinning
    camera.stop()


def test_two_peoples_codes_in_one_picture_are_told() -> None:
    camera = SimulatedCamera(size=(640, 480), one_at_a_time="TH1:")
    eyes = Eyes(camera)
    phones = Image.new("L", (640, 480), 128)
    for place, text in ((30, TEXT), (340, "TH1:DEMO:7Q2K4N:8ABC")):
        phones.paste(Image.open(io.BytesIO(codes.qr(text, scale=8))).convert("L"), (place, 100))
    camera.hold(codes.png(phones))
    assert eyes.sighting().crowded
    camera.hold(codes.qr(TEXT))
    seen = eyes.sighting()
    assert (seen.text, seen.crowded) == (TEXT, False)
    camera.stop()


def test_a_code_close_to_the_lens_and_upside_down_is_read(camera: SimulatedCamera, eyes: Eyes) -> None:
    """At 5 cm the code is larger than the picture is high, but for its quiet zone; it is out of focus as well."""
    code = Image.open(io.BytesIO(codes.qr(TEXT, scale=24))).convert("L").rotate(180)
    edge = 24 * 3
    code = code.crop((edge, edge, code.width - edge, code.height - edge)).resize((470, 470))
    frame = Image.new("L", (640, 480), 250)
    frame.paste(code, (85, 5))
    camera.hold(codes.png(frame.filter(ImageFilter.GaussianBlur(2.5))))
    assert eyes.next_text() == TEXT


def test_somebody_who_aims_sees_the_picture_and_moves_the_tray(camera: SimulatedCamera, eyes: Eyes) -> None:
    left, right = (Image.open(io.BytesIO(codes.qr(text, scale=8))).convert("L") for text in ("left", "right"))
    frame = Image.new("L", (640, 480), 200)
    frame.paste(left, (20, 100))
    frame.paste(right, (400, 100))
    camera.hold(codes.png(frame))
    assert {eyes.next_text(), eyes.next_text()} == {"left", "right"}
    seen = camera.look(LONG_S)
    assert seen is not None
    assert (seen.size, seen.tray) == ((640, 480), (0, 0, 1, 1))
    assert {text for _, text in seen.seen} == {"left", "right"}
    with Image.open(io.BytesIO(seen.picture)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 480))
    camera.aim((0.5, 0.0, 0.5, 1.0))
    seen = camera.look(LONG_S)
    assert seen is not None
    assert seen.tray == (0.5, 0, 0.5, 1)
    assert seen.seen == (("qr", "right"),)


def test_the_tray_that_was_aimed_at_also_counts_for_the_next_process(camera: SimulatedCamera, eyes: Eyes) -> None:
    camera.hold(codes.qr("before"))
    assert eyes.next_text() == "before"
    camera.aim((0.0, 0.0, 0.5, 0.5))
    assert camera.process_id is not None
    os.kill(camera.process_id, signal.SIGKILL)
    eyes.trouble("camera_died")
    eyes.recovery()
    seen = camera.look(LONG_S)
    assert seen is not None
    assert seen.tray == (0, 0, 0.5, 0.5)


def test_two_who_look_at_once_both_see(camera: SimulatedCamera, eyes: Eyes) -> None:
    camera.hold(codes.qr("before"))
    assert eyes.next_text() == "before"
    with ThreadPoolExecutor(4) as people:
        seen = list(people.map(lambda _: camera.look(LONG_S), range(12)))
    assert all(seen)


def test_nobody_looks_through_a_camera_that_is_unplugged(camera: SimulatedCamera, eyes: Eyes) -> None:
    camera.unplug()
    eyes.trouble("camera_unplugged")
    assert camera.look(0.05) is None


def test_no_frame_ever_touches_the_disk(tmp_path: Path) -> None:
    """Every file that the camera and whoever asks it for a picture open for writing, as the kernel saw it."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    log = tmp_path / "opened"
    script = f"""
import pathlib, queue
from tihuo.devices.simulated import SimulatedCamera
from tests.devices import codes
place = pathlib.Path({str(tmp_path / "tray")!r})
heard = queue.Queue()
camera = SimulatedCamera(place, size=(640, 480))
camera.hold(codes.qr("private"))
camera.start(heard.put, heard.put)
assert heard.get(timeout=60).text == "private"
seen = camera.look(60)
assert len(seen.picture) > 1000
camera.stop()
print("looked")
"""
    calls = "trace=open,openat,creat,openat2,memfd_create,rename,renameat,renameat2,mkdir,mkdirat,link,linkat,symlinkat"
    done = subprocess.run(
        [strace, "-f", "-qq", "-e", calls, "-o", str(log), sys.executable, "-B", "-c", script],
        env=os.environ | {"PYTHONPATH": f"{REPO / 'daemon'}{os.pathsep}{REPO}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    if "ptrace" in done.stderr:
        pytest.skip("this machine lets nobody trace a process")
    assert done.stdout == "looked\n", done.stderr
    lines = log.read_text().splitlines()
    assert any("O_RDONLY" in line for line in lines)
    made = [line for line in lines if re.search(r"O_WRONLY|O_RDWR|O_CREAT|creat\(|memfd|rename|mkdir|link", line)]
    made = [line for line in made if " = -1 " not in line and "/dev/null" not in line and "readlink" not in line]
    held_by_the_test = [line for line in made if str(tmp_path / "tray") in line]
    assert held_by_the_test
    assert [line for line in made if line not in held_by_the_test] == []


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
