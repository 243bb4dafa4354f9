"""接线图: which pin, bit or LED belongs to which slot, what it draws, and the same on paper for whoever solders."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import door_of, write
from tihuo.api.languages import N_
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.pages import language_of
from tihuo.api.staff_pages import Once
from tihuo.devices.lamp_budget import each_ma, loads, resistor
from tihuo.devices.lamp_plan import HEADER, Joint, LampPlan, joints
from tihuo.shop import paper

router = APIRouter(prefix="/devices/wiring")

KINDS = {
    "gpio": N_("Lamps on the pins of the Pi"),
    "shift": N_("Lamps on 74HC595 shift registers"),
    "strip": N_("Lamps on an APA102 strip"),
    "expander": N_("Lamps on MCP23017 expanders"),
}
POWER = {1: "3.3 V", 2: "5 V", 4: "5 V", 6: "GND", 9: "GND", 14: "GND", 17: "3.3 V", 20: "GND", 25: "GND", 30: "GND"}
POWER |= {34: "GND", 39: "GND"}


@router.get("")
def wiring_page(request: Request) -> HTMLResponse:
    return owner_page(request, "owner/wiring.html", **_wiring(request))


@router.post("/print")
def on_paper(request: Request, once: Once) -> HTMLResponse:
    """The table on the printer of lists, to take along to the shelf."""
    plan = door_of(request).wiring
    if plan is not None:
        write(request, paper.queue, "list", "wiring", _list(request, plan), once=f"wiring:{once}")
    return owner_fragment(request, "owner/wiring_printed.html")


def _wiring(request: Request) -> dict[str, Any]:
    plan = door_of(request).wiring
    if plan is None:
        return {"plan": None}
    rows = joints(plan)
    return {
        "plan": plan,
        "kind": KINDS[plan.kind],
        "rows": rows,
        "by_slot": {row.slot: row for row in rows},
        "missing": [slot for slot in door_of(request).shelf.slots() if slot not in {row.slot for row in rows}],
        "loads": loads(plan),
        "each_ma": each_ma(plan),
        "ohm": 0 if plan.kind == "strip" else resistor(plan),
        "header": _header(plan, rows),
    }


def _header(plan: LampPlan, rows: list[Joint]) -> dict[int, str]:
    """What hangs on each used pin of the 40-pin header."""
    used = {HEADER[pin]: name for pin, name in plan.bus.items()}
    used |= {row.header: row.slot for row in rows if row.header}
    return {**POWER, **used, **{row.button_header: f"{row.slot} ↓" for row in rows if row.button_header}}


def _list(request: Request, plan: LampPlan) -> dict[str, Any]:
    translate = language_of(request).translate
    bus = " · ".join(f"{name} {HEADER[pin]}" for pin, name in plan.bus.items())
    return {
        "title": translate("Wiring of the lamps"),
        "subtitle": translate(KINDS[plan.kind]),
        "rows": [
            {
                "big": row.slot,
                "text": f"{row.output} #{row.header}" if row.header else row.output,
                "note": row.button and f"↓ {row.button}",
                "count": str(row.chip) if row.chip else "",
            }
            for row in joints(plan)
        ],
        "foot": bus,
    }
