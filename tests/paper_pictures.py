"""Every kind of paper as a picture: `.venv/bin/python -m tests.paper_pictures [FOLDER]`; by itself the few of the docs.

Drawn from facts as they stand in print jobs, by the artist that draws for the printers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from tihuo.boards.paper import PaperRow
from tihuo.demo import shop
from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.reactions.artist import Artist, Draughts
from tihuo.shop.words import Zone

PICTURES = Path(__file__).parents[1] / "daemon" / "docs" / "pictures"
OF_THE_DOCS = ("label-40x30-copy", "list-58", "slot-60x40", "sheet-58")
CODE = "TH1:S01:1042:K7Q2M4XAZ3PQR5TU"
EVENING = 1_800_000_000_000
LABEL: dict[str, Any] = {
    "slot": "A07", "place": 1, "zone": "ambient", "number": 1, "of": 3, "in_slot": [1, 1], "in_wave": [37, 200],
    "window": [EVENING, EVENING + 7_200_000], "name": "林*", "phone": "199****1001", "tail": "1001", "use_by": "",
    "lines": [{"name": "云南小土豆", "spec": "500g", "unit": "袋", "quantity": 2},
              {"name": "上海青", "spec": "", "unit": "把", "quantity": 1}],
    "code": CODE, "short_code": "1234 5678",
}  # fmt: skip
COLD = LABEL | {"slot": "C03", "zone": "chilled", "place": 2, "in_slot": [2, 3], "number": 2, "use_by": "11-25"}
FROZEN = LABEL | {
    "slot": "F04", "zone": "frozen", "number": 3, "name": "𠮷*",
    "lines": [{"name": f"速冻水饺 {n} 号", "spec": "1kg", "unit": "包", "quantity": 1} for n in range(1, 10)],
}  # fmt: skip
RECEIPT: dict[str, Any] = {
    "name": "林*", "phone": "199****1001", "at": EVENING, "sure": True, "until": EVENING + 86_400_000,
    "taken": [{"name": "云南小土豆", "spec": "500g", "unit": "袋", "quantity": 2}],
    "left": [{"name": "鲜牛奶", "spec": "950 ml", "unit": "瓶", "quantity": 1, "slot": "C03"}],
    "code": CODE, "short_code": "1234 5678", "orders": [1042], "method": "kiosk",
}  # fmt: skip
PICK_LIST: dict[str, Any] = {
    "title": "拣货单 · 波次 3",
    "subtitle": "4 种，共 41 件",
    "rows": [
        {"text": "云南小土豆 500g", "note": "A01×2  A07×2  A12×1", "count": "×5"},
        {"big": "C03", "text": "鲜牛奶 950 ml", "note": "11-25 前食用", "count": "×12"},
        {"big": "F04", "text": "速冻水饺 猪肉白菜 1kg 装 家庭分享", "note": "", "count": "×20"},
        {"text": "东北五常稻花香大米当季新米真空包装农家自产自销软糯香甜 5kg", "note": "A02×4", "count": "×4"},
    ],
    "foot": "打完再核对一遍",
}
SHEET: dict[str, Any] = {
    "title": "口令单",
    "codes": [
        {"text": f"TH:CMD:{word}", "says": says}
        for word, says in (("PUT", "放好了"), ("SHORT", "缺货"), ("DAMAGE", "破损"), ("UNDO", "撤销"), ("QTY-3", "× 3"))
    ],
}


def samples() -> Iterator[tuple[str, Image.Image, set[str]]]:
    """Name, picture and the codes in it, of every label and list that a printer may get."""
    shelf = ShelfMap(
        tuple(Unit.grid(unit.name, unit.zone, unit.first, unit.rows, unit.columns) for unit in shop.SHELVES)
    )
    for size in ((60, 40), (40, 30)):
        artist = Artist(Draughts(shop_name=shop.SHOP_NAME, timezone="Asia/Shanghai", shelf=shelf, label_mm=size))
        tall = "{}x{}".format(*size)
        for name, facts, copy in (("", LABEL, 1), ("-copy", COLD, 2), ("-full", FROZEN, 1)):
            yield f"label-{tall}{name}", _drawn(artist, "label", facts, copy), {CODE}
        slot = {"slot": "F04", "zone": str(Zone.FROZEN), "text": "TH:SLOT:F04"}
        yield f"slot-{tall}", _drawn(artist, "slot", slot), {"TH:SLOT:F04"}
        label_printer = Draughts(shop_name="", timezone="Asia/Shanghai", shelf=shelf, label_mm=size, language="tspl")
        yield f"test-{tall}", _drawn(Artist(label_printer), "test", {"about": tall}), {"TIHUO-PRINT-TEST"}
    for dots, width in ((384, "58"), (576, "80")):
        artist = Artist(Draughts(shop_name=shop.SHOP_NAME, timezone="Asia/Shanghai", shelf=shelf, width_dots=dots))
        yield f"receipt-{width}", _drawn(artist, "receipt", RECEIPT), {CODE}
        yield f"list-{width}", _drawn(artist, "list", PICK_LIST, 2), set()
        yield f"sheet-{width}", _drawn(artist, "sheet", SHEET), {code["text"] for code in SHEET["codes"]}
        yield f"calibration-{width}", _drawn(artist, "calibration", {"about": f"{width} mm"}), {"TIHUO-PRINT-TEST"}


def _drawn(artist: Artist, kind: str, facts: dict[str, Any], copy: int = 1) -> Image.Image:
    """The page of a job, its pictures one below the other; lines in a printer's own letters cannot be seen here."""
    page = artist.draw(PaperRow(1, kind, "", copy, "queued", "", 0, "", facts))
    images = [part for part in page if isinstance(part, Image.Image)] if isinstance(page, tuple) else [page]
    whole = Image.new("1", (images[0].width, sum(image.height for image in images)), 1)
    top = 0
    for image in images:
        whole.paste(image, (0, top))
        top += image.height
    return whole


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    for name, image, _ in samples():
        if folder != PICTURES or name in OF_THE_DOCS:
            image.save(folder / f"paper-{name}.png", optimize=True)
            print(folder / f"paper-{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
