"""`make hwlab`: say what is missing, build what is not there yet, then test. Nothing is skipped in silence."""

from __future__ import annotations

import os
import sys
import time

import pytest

from tests.hwlab import camera, lab, pi, stores


def main() -> int:
    try:
        stores.check()
        print(f"machines are kept in {stores.folder()} (set TIHUO_HWLAB for another place)", flush=True)
        for name, build in (
            ("an emulated Raspberry Pi 3B", pi.build),
            ("a virtual PC with pins, USB, cameras and scanners", lab.build),
            ("picamera2 on a virtual camera", camera.build),
        ):
            began = time.monotonic()
            build()
            print(f"{name}: ready after {time.monotonic() - began:.0f} s", flush=True)
    except stores.Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    os.environ["TIHUO_HWLAB_RUN"] = "1"
    places = ["--ignore=tests/hwlab/inside", f"--basetemp={stores.folder() / 'run'}"]
    return pytest.main(["tests/hwlab", *places, "-v", "--timeout", "1800"])


if __name__ == "__main__":
    sys.exit(main())
