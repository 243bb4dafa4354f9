"""From the facts of a print job to its picture: masked names and formatted times in, black and white dots out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tihuo.boards.paper import PaperRow
from tihuo.drawing.shelf import ShelfMap

if TYPE_CHECKING:
    from PIL.Image import Image

WAYS = {"kiosk": "自助机", "staff_code": "店员扫码", "staff_phone": "店员登记"}
HELP = ("少了东西，请马上告诉店员",)
UNSURE = "（时间未校准）"


class Artist:
    """Draws the paper of one printer. `label_size` is `60x40` or `40x30` mm; `width_dots` is the receipt's width.

    The fonts and Pillow are loaded with the first job, not with the daemon.
    """

    def __init__(self, shop_name: str, timezone: str, shelf: ShelfMap, label_size: str, width_dots: int) -> None:
        self._shop_name = shop_name
        self._zone = ZoneInfo(timezone)
        self._shelf = shelf
        self._label_size = label_size
        self._width_dots = width_dots

    def draw(self, job: PaperRow) -> Image:
        """The picture of a job. Raises whatever the facts do not allow; the desk then sets the job aside."""
        draw: dict[str, Callable[[dict[str, Any], int], Image]] = {
            "label": self._label,
            "receipt": self._receipt,
            "test": self._test,
        }
        return draw[job.kind](job.content, job.copy_no)

    def _label(self, facts: dict[str, Any], copy: int) -> Image:
        from tihuo.drawing.label import LABEL_40X30, LABEL_60X40, LabelContent, LabelLine, draw_label
        from tihuo.shop.words import Zone

        content = LabelContent(
            slot=facts["slot"],
            zone=Zone(facts["zone"]),
            name=facts["name"],
            phone_tail=facts["tail"],
            lines=tuple(LabelLine(_title(line), line["quantity"]) for line in facts["lines"]),
            parcel=facts["number"],
            parcels=facts["of"],
            window=self._window(*facts["window"]),
            code=facts["code"],
            digits=facts["short_code"],
            copy=copy,
            place=facts["place"],
        )
        size = LABEL_40X30 if self._label_size == "40x30" else LABEL_60X40
        return draw_label(content, size, shelf=self._shelf).image

    def _receipt(self, facts: dict[str, Any], copy: int) -> Image:
        from tihuo.drawing.receipt import ReceiptContent, ReceiptLine, draw_receipt

        content = ReceiptContent(
            shop=self._shop_name,
            customer=f"{facts['name']} {facts['phone']}",
            taken=tuple(ReceiptLine(_title(line), line["quantity"]) for line in facts["taken"]),
            left=tuple(ReceiptLine(_title(line), line["quantity"], line["slot"]) for line in facts["left"]),
            until=f"{self._moment(facts['until']):%m-%d %H:%M}" if facts["until"] else "",
            when=f"{self._moment(facts['at']):%Y-%m-%d %H:%M}" + ("" if facts.get("sure", True) else UNSURE),
            way=WAYS[facts["method"]],
            orders=tuple(f"#{number}" for number in facts["orders"]),
            help=HELP,
            code=facts["code"],
            digits=facts["short_code"],
            copy=copy,
        )
        return draw_receipt(content, self._width_dots).image

    def _test(self, facts: dict[str, Any], copy: int) -> Image:
        from tihuo.drawing.test_page import draw_roll_test

        return draw_roll_test(self._width_dots, str(facts.get("about", ""))).image

    def _window(self, start: int, end: int) -> tuple[str, ...]:
        first, last = self._moment(start), self._moment(end)
        if first.date() == last.date():
            return (f"{first:%m-%d}", f"{first:%H:%M}-{last:%H:%M}")
        return (f"{first:%m-%d %H:%M}", f"{last:%m-%d %H:%M}")

    def _moment(self, millis: int) -> datetime:
        return datetime.fromtimestamp(millis / 1000, UTC).astimezone(self._zone)


def _title(line: dict[str, Any]) -> str:
    return f"{line['name']} {line['spec']}".strip()
