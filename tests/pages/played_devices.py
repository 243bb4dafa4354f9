"""Devices that a test plays: a camera that reads at once, lamps as the board wants them, real paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tihuo.boards.lamps import pulses
from tihuo.drawing.label import LabelContent, LabelLine, draw_label
from tihuo.shop.words import Zone, mask_name

if TYPE_CHECKING:
    from tests.pages.evening import Evening


class PlayedDevices:
    """What the simulator page may touch. `evening` is set when the shop is built."""

    evening: Evening

    def __init__(self, folder: Path) -> None:
        self._papers = folder
        self.held: list[object] = []

    def hold_code(self, text: str) -> None:
        self.held.append(text)
        self.evening.show(text)

    def hold_image(self, image: bytes) -> None:
        self.held.append(image)

    def clear(self) -> None:
        self.held.append(None)

    def papers(self) -> list[Path]:
        return sorted(self._papers.glob("*/*.png"))

    def lit(self) -> dict[str, str]:
        return dict(self.evening.read(pulses))

    def customers(self) -> list[dict[str, Any]]:
        shop = self.evening
        return [
            {"order_id": order, "name": mask_name(name), "code": shop.code(order), "short_code": shop.digits(order)}
            | {"state": "ready" if state == "accepted" else state, "units": units}
            for order, name, state, units in shop.sql(
                "SELECT o.order_id, c.name, o.state, coalesce(sum(l.quantity), 0) FROM shop_order o "
                "JOIN customer c ON c.id = o.customer_id LEFT JOIN order_line l ON l.order_no = o.no GROUP BY o.no"
            )
        ]

    def break_part(self, part: str, fault: str) -> None:
        if part == "lights":
            raise KeyError(part)
        codes = {"mend": "", "come_back": "", "paper_out": "printer_paper_out", "hang": "camera_hung"}
        name = {"printer": "printer_receipt"}.get(part, part)
        self.evening.part(name, codes.get(fault, "device_trouble"))

    def print_label(self) -> Path:
        """A label comes out."""
        folder = self._papers / "label"
        folder.mkdir(exist_ok=True)
        content = LabelContent(
            slot="A01",
            zone=Zone.AMBIENT,
            name="林*",
            phone_tail="1001",
            lines=(LabelLine("大米 5 kg", 1), LabelLine("鸡蛋 30 枚", 2)),
            parcel=1,
            parcels=3,
            window=("周五", "17:00–20:00"),
            code=self.evening.code("o1"),
            digits="1234 5678",
        )
        path = folder / f"{len(self.papers()):04d}.png"
        draw_label(content, shelf=self.evening.door.shelf).image.save(path)
        return path
