"""The Pi's camera: our adapter and the whole capture process on the real picamera2 and libcamera's virtual camera."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.hwlab import camera
from tihuo.demo.simulator import phone_picture

TEXTS = [f"TH1:S01:{number}:CP6C7T5YCSWVB7GL" for number in range(1, 4)]


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """Three phones, one after the other."""
    made = []
    for text in TEXTS:
        jpeg = io.BytesIO()
        Image.open(io.BytesIO(phone_picture(text))).convert("RGB").save(jpeg, "JPEG", quality=90)
        made.append(jpeg.getvalue())
    return made


def test_the_capture_process_reads_what_the_pis_camera_sees(pictures: list[bytes]) -> None:
    (answer,) = camera.run(pictures, {"do": "watch", "size": (1280, 720), "texts": 3})
    print(answer)
    assert answer["texts"] == TEXTS
    assert answer["size"] == [1280, 720]
    assert answer["sharp"] > 80
    assert answer["memory"] < 160 << 20


def test_what_the_camera_makes_of_a_size_is_what_counts(pictures: list[bytes]) -> None:
    wishes = [{"do": "grab", "size": size, "frames": 40} for size in ((640, 480), (1000, 562), (800, 600))]
    answers = camera.run(pictures, *wishes)
    print(answers)
    assert answers[0]["shapes"] == [[480, 640]]
    assert answers[1]["shapes"] == [[562, 1000]]
    (adjusted,) = answers[2]["shapes"]
    assert (adjusted[1], adjusted[0]) in camera.SIZES
    assert all(answer["different"] > 1 and answer["own"] for answer in answers)


def test_a_camera_that_is_not_there_is_told(pictures: list[bytes]) -> None:
    (answer,) = camera.run(pictures, {"do": "missing", "number": 3})
    assert answer == {"code": "camera_unplugged", "device": "picamera2 3"}
