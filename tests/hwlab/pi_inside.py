"""Runs on the emulated Pi: a shelf on real gpiozero and lgpio, told over the serial line what to show."""

from __future__ import annotations

import json
import sys
import termios
import traceback
from typing import Any

from tihuo.devices.gpio_rail import gpio_shelf
from tihuo.devices.ports import Glow

SLOTS = {f"A{number:02d}": number + 1 for number in range(1, 27)}
"""All 26 pins of the header."""


def obey(shelf: Any, question: dict[str, Any]) -> Any:
    match question["do"]:
        case "show":
            glows = {slot: [Glow(rhythm=rhythm)] for slot, rhythm in question["glows"].items()}
            shown = shelf.show(glows, question.get("dead", ()))
        case "hold":
            shown = shelf.hold(question["slots"], 600)
        case "test":
            shown = shelf.test(0.02)
        case "close":
            shelf.close()
            return "closed"
        case other:
            raise ValueError(other)
    return {"refused": sorted(shown.refused), "silent": sorted(shown.silent), "given_up": sorted(shown.given_up)}


def main() -> None:
    quiet = termios.tcgetattr(0)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSANOW, quiet)
    shelf: Any = gpio_shelf(SLOTS, driver="lgpio")
    factory = shelf._rail._factory
    print(f"@ready {type(factory).__module__} {type(factory).__name__} {factory.board_info.model}", flush=True)
    for line in sys.stdin:
        try:
            answer = {"answer": obey(shelf, json.loads(line))}
        except Exception:  # noqa: BLE001  told to whoever asked
            answer = {"error": traceback.format_exc()}
        print(f"@{json.dumps(answer)}", flush=True)


if __name__ == "__main__":
    main()
