"""The simulated devices in one hand: what the simulator page and the players of the demo hold, see and break."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tihuo.shop.words import mask_name

if TYPE_CHECKING:
    from tihuo.demo.cloud import DemoCloud
    from tihuo.devices.simulated import SimulatedCamera, SimulatedLights, SimulatedPrinter


class DeviceSimulator:
    """Drives the twins of one box and shows what the customers' phones show."""

    def __init__(
        self,
        camera: SimulatedCamera | None,
        printers: dict[str, SimulatedPrinter],
        lights: SimulatedLights | None,
        papers: Path,
    ) -> None:
        self._camera = camera
        self._printers = printers
        self._lights = lights
        self._papers = papers
        self.cloud: DemoCloud | None = None

    def hold_code(self, text: str) -> None:
        """Hold a phone showing this QR before the camera until `clear`."""
        self.hold_image(phone_picture(text))

    def hold_image(self, image: bytes) -> None:
        if self._camera is not None:
            self._camera.hold(image)

    def clear(self) -> None:
        if self._camera is not None:
            self._camera.clear()

    def papers(self) -> list[Path]:
        """PNG files that came out of the printers, oldest first."""
        return sorted(self._papers.glob("*/*.png"), key=lambda path: (path.stat().st_mtime_ns, path.name))

    def lit(self) -> dict[str, str]:
        """Slot -> `on` or `blink`, as the lamps really are; `blink` as soon as a customer stands before it."""
        if self._lights is None:
            return {}
        return {
            slot: "blink" if any(glow.rhythm == "blink" and glow.color == "white" for glow in glows) else "on"
            for slot, glows in self._lights.lit().items()
        }

    def customers(self) -> list[dict[str, Any]]:
        """The newest orders as their customers' mini programs show them."""
        if self.cloud is None:
            return []
        return [
            {
                "order_id": order.order_id,
                "name": mask_name(order.name),
                "code": self.cloud.shown_code(order.order_id),
                "short_code": order.short_code,
                "state": order.state,
                "units": sum(line.quantity for line in order.lines),
            }
            for order in reversed(self.cloud.orders()[-60:])
            if order.code
        ]

    def break_part(self, part: str, fault: str) -> None:
        """Make a part fail, or mend it. Raises `KeyError` for a part or fault that does not exist here."""
        self._faults()[part][fault]()

    def _each(self, do: Callable[[SimulatedPrinter], None]) -> Callable[[], None]:
        def all_of_them() -> None:
            for printer in self._printers.values():
                do(printer)

        return all_of_them

    def _faults(self) -> dict[str, dict[str, Callable[[], object]]]:
        faults: dict[str, dict[str, Callable[[], object]]] = {}
        if self._camera is not None:
            camera = self._camera
            faults["camera"] = {"hang": camera.hang, "unplug": camera.unplug, "mend": camera.plug}
        if self._lights is not None:
            faults["lights"] = {"vanish": self._lights.vanish, "mend": self._lights.come_back}
        if self._printers:
            faults["printer"] = {
                "paper_out": self._each(lambda printer: printer.paper_out()),
                "cover_open": self._each(lambda printer: printer.open_cover()),
                "unplug": self._each(lambda printer: printer.unplug()),
                "mend": self._each(_mend),
            }
        if self.cloud is not None:
            faults["cloud"] = {"go_away": self.cloud.go_away, "come_back": self.cloud.come_back}
        return faults


def _mend(printer: SimulatedPrinter) -> None:
    printer.plug()
    printer.close_cover()
    printer.refill()
    printer.answer_again()


def phone_picture(text: str) -> bytes:
    """A phone's screen with a code on it, as the camera sees it: 1280x720, PNG."""
    from PIL import Image  # only when somebody plays

    from tihuo.drawing.codes import qr

    code = qr(text, 420, largest=14)
    frame = Image.new("L", (1280, 720), 96)
    screen = Image.new("L", (code.width + 60, code.height + 120), 245)
    screen.paste(code.convert("L"), (30, 60))
    frame.paste(screen, ((1280 - screen.width) // 2, (720 - screen.height) // 2))
    out = io.BytesIO()
    frame.save(out, "PNG")
    return out.getvalue()
