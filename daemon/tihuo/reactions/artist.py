"""From the facts of a print job to its page: masked names and formatted times in, black and white dots out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from tihuo.boards.paper import PaperRow
from tihuo.drawing.shelf import ShelfMap
from tihuo.shop.typed import Typed

if TYPE_CHECKING:
    from tihuo.devices.ports import Page
    from tihuo.drawing.label import LabelSize

WAYS = {"kiosk": "自助机", "staff_code": "店员扫码", "staff_phone": "店员登记"}
HELP = ("少了东西，请马上告诉店员",)
STANDS_IN = "替 "
"""Before what stands in for something else."""
UNSURE = "（时间未校准）"


class Draughts(msgspec.Struct, frozen=True, kw_only=True):
    """What paper of one printer is drawn with. `width_dots` is that of its roll, `label_mm` its labels' size."""

    shop_name: str
    timezone: str
    shelf: ShelfMap
    label_mm: tuple[int, int] = (60, 40)
    width_dots: int = 384
    text_mode: bool = False
    language: Literal["escpos", "tspl"] = "escpos"


class Artist:
    """Draws the paper of one printer. `seen_right` tells which lines of its calibration ticket came out right, None if
    nobody has said so.

    The fonts and Pillow are loaded with the first job, not with the daemon.
    """

    def __init__(self, draughts: Draughts, seen_right: Callable[[], str | None] = lambda: None) -> None:
        self._with = draughts
        self._seen_right = seen_right
        self._zone = ZoneInfo(draughts.timezone)

    def draw(self, job: PaperRow) -> Page:
        """The page of a job. Raises whatever the facts do not allow; the desk then sets the job aside."""
        draw: dict[str, Callable[[dict[str, Any], int], Page]] = {
            "label": self._label,
            "slot": self._slot,
            "receipt": self._receipt,
            "list": self._list,
            "sheet": self._sheet,
            "test": self._test,
            "calibration": self._calibration,
        }
        return draw[job.kind](job.content, job.copy_no)

    @property
    def _size(self) -> LabelSize:
        from tihuo.drawing.label import LABEL_40X30, LABEL_60X40

        return LABEL_40X30 if self._with.label_mm == (40, 30) else LABEL_60X40

    def _label(self, facts: dict[str, Any], copy: int) -> Page:
        from tihuo.drawing.label import LabelContent, LabelLine, draw_label
        from tihuo.shop.words import Zone

        place, of_slot = facts.get("in_slot") or (facts["place"], 1)
        serial = facts.get("in_wave")
        to_door = "says" in facts
        content = LabelContent(
            slot=facts["slot"],
            zone=Zone(facts["zone"]) if facts["zone"] else None,
            name=facts["name"],
            phone_tail=facts["tail"],
            lines=tuple(LabelLine(_title(line), line["quantity"]) for line in facts["lines"]),
            parcel=facts["number"],
            parcels=facts["of"],
            window=tuple(facts["says"]) if to_door else self._window(*facts["window"]),
            code=facts["code"],
            digits=facts["short_code"],
            copy=copy,
            place=place,
            of_slot=of_slot,
            serial=(serial[0], serial[1]) if serial else None,
            use_by=facts.get("use_by", ""),
        )
        return draw_label(content, self._size, shelf=None if to_door else self._with.shelf).image

    def _slot(self, facts: dict[str, Any], copy: int) -> Page:
        from tihuo.drawing.slot_label import draw_slot_label
        from tihuo.shop.words import Zone

        return draw_slot_label(facts["slot"], Zone(facts["zone"]), facts["text"], self._size).image

    def _receipt(self, facts: dict[str, Any], copy: int) -> Page:
        from tihuo.drawing.receipt import ReceiptContent, ReceiptLine, draw_receipt
        from tihuo.drawing.typed import type_receipt

        content = ReceiptContent(
            shop=self._with.shop_name,
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
        if how := self._own_letters():
            return type_receipt(content, self._with.width_dots, how)
        return draw_receipt(content, self._with.width_dots).image

    def _list(self, facts: dict[str, Any], copy: int) -> Page:
        from tihuo.drawing.listing import ListContent, ListRow, draw_list
        from tihuo.drawing.typed import type_list

        rows = tuple(
            ListRow(
                big=str(row.get("big", "")),
                text=str(row.get("text", "")),
                note=str(row.get("note", "")),
                count=str(row.get("count", "")),
                head=row.get("head", 0),
            )
            for row in facts["rows"]
        )
        content = ListContent(facts["title"], facts.get("subtitle", ""), rows, facts.get("foot", ""), copy)
        if how := self._own_letters():
            return type_list(content, how)
        return tuple(piece.image for piece in draw_list(content, self._with.width_dots))

    def _sheet(self, facts: dict[str, Any], copy: int) -> Page:
        from tihuo.drawing.sheet import SheetCode, draw_sheet

        codes = tuple(SheetCode(code["text"], code["says"]) for code in facts["codes"])
        return draw_sheet(facts["title"], codes, self._with.width_dots).image

    def _test(self, facts: dict[str, Any], copy: int) -> Page:
        return self._trial(str(facts.get("about", "")), letters=False)

    def _calibration(self, facts: dict[str, Any], copy: int) -> Page:
        return self._trial(str(facts.get("about", "")), letters=True)

    def _trial(self, about: str, *, letters: bool) -> Page:
        from tihuo.drawing.calibration import calibration_page
        from tihuo.drawing.test_page import draw_label_test, draw_roll_test

        if self._with.language == "tspl":
            return draw_label_test(self._size, about).image
        if letters:
            return calibration_page(self._with.width_dots, about)
        return draw_roll_test(self._with.width_dots, about).image

    def _own_letters(self) -> Typed | None:
        """How to set Chinese in the printer's own letters; None if it is to be drawn."""
        if not self._with.text_mode:
            return None
        seen = self._seen_right()
        if seen is None:  # not calibrated yet: as most printers want it
            return Typed(())
        if "B" not in seen and "C" not in seen:
            return None
        return Typed((), switch="B" in seen, four_byte="D" in seen)

    def _window(self, start: int, end: int) -> tuple[str, ...]:
        first, last = self._moment(start), self._moment(end)
        if first.date() == last.date():
            return (f"{first:%m-%d}", f"{first:%H:%M}-{last:%H:%M}")
        return (f"{first:%m-%d %H:%M}", f"{last:%m-%d %H:%M}")

    def _moment(self, millis: int) -> datetime:
        return datetime.fromtimestamp(millis / 1000, UTC).astimezone(self._zone)


def _title(line: dict[str, Any]) -> str:
    """What stands in for what she ordered says so."""
    return f"{STANDS_IN if line.get('instead') else ''}{line['name']} {line['spec']}".strip()
