"""What each fact about an order is called on its page, on paper and in tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tihuo.api.languages import N_
from tihuo.api.moments import money
from tihuo.api.pages import Language
from tihuo.boards.trail import Step

KINDS = {
    "order.accepted": N_("Order accepted"),
    "order.imported": N_("Order imported"),
    "order.refused": N_("Order refused"),
    "order.cancelled": N_("Order cancelled"),
    "order.short": N_("Units will not come, money goes back"),
    "order.adjusted": N_("Billed otherwise than ordered"),
    "order.ready": N_("Ready for pickup"),
    "order.handed_over": N_("Handed over"),
    "order.handover_undone": N_("Hand-over undone"),
    "order.window_changed": N_("Another pickup window"),
    "order.no_show": N_("Did not come in her window"),
    "order.uncollected": N_("Not collected: the customer is told"),
    "short.picked": N_("Units missing, somebody decides"),
    "short.decided": N_("Decided about missing units"),
    "units.put": N_("Put into the parcel"),
    "put.undone": N_("Taken out of the parcel again"),
    "units.weighed": N_("Weighed"),
    "parcel.ready": N_("Parcel complete"),
    "parcel.moved": N_("Parcel moved to another slot"),
    "parcel.astray": N_("Parcel went home with somebody else"),
    "parcel.uncollected": N_("Uncollected parcel"),
    "paper.queued": N_("Paper asked for"),
    "paper.moved": N_("Paper"),
    "visit.checked_in": N_("At the kiosk"),
    "visit.ended": N_("Left the kiosk"),
    "staff.called": N_("Staff called"),
    "staff.answered": N_("Staff came"),
    "goods.brought_back": N_("Brought back"),
    "missed.settled": N_("Missing units cleared up"),
    "ticket.opened": N_("After-sales ticket opened"),
    "ticket.updated": N_("After-sales ticket moved"),
    "photo.kept": N_("Photograph kept"),
    "refund.settled": N_("Refund settled"),
    "reminder.due": N_("Reminder asked for"),
    "reminder.sent": N_("Reminder"),
    "reminder.call_needed": N_("Somebody has to call her"),
    "customer.called": N_("Called by phone"),
    "phone.shown": N_("Somebody looked at the whole name or number"),
    "pickup.renewed": N_("Pickup code renewed"),
    "pickup.delegate_code": N_("A neighbour may collect"),
    "pickup.delegation_revoked": N_("A neighbour may no longer collect"),
    "turn.taken": N_("Took a number"),
    "turn.called": N_("Number called"),
    "turn.moved": N_("Number"),
    "said.again": N_("Told the cloud again"),
}
CODES = {
    "sending": N_("on its way to the printer"),
    "printed": N_("printed"),
    "doubtful": N_("doubtful"),
    "expired": N_("waited too long"),
    "queued": N_("waiting"),
    "cancelled": N_("called off"),
    "kiosk": N_("at the kiosk"),
    "staff_code": N_("by code at the counter"),
    "staff_phone": N_("by staff at the counter"),
    "open": N_("open"),
    "in_progress": N_("being worked on"),
    "done": N_("done"),
    "rejected": N_("rejected"),
    "succeeded": N_("succeeded"),
    "failed": N_("failed"),
    "sent": N_("sent"),
    "no_consent": N_("she did not agree to messages"),
    "reached": N_("reached"),
    "no_answer": N_("no answer"),
    "offline": N_("the cloud was away"),
    "imported": N_("ordered elsewhere, the cloud does not know her"),
    "wrong_number": N_("wrong number"),
    "walked_away": N_("walked away"),
    "over": N_("its time was up"),
    "left": N_("left"),
    "replaced": N_("somebody else came"),
    "refunded": N_("money back"),
    "substituted": N_("something stands in"),
    "refund": N_("money back"),
    "quarantine": N_("kept aside"),
    "void": N_("thrown away"),
    "found": N_("found"),
    "gone": N_("gone"),
    "back": N_("back"),
    "customer_request": N_("the customer changed her mind"),
    "return": N_("return"),
    "exchange": N_("exchange"),
    "refund_only": N_("money back only"),
    "served": N_("served"),
    "skipped": N_("did not come when called"),
    "not_ready": N_("not ready yet"),
    "already_collected": N_("already collected"),
}
ACTORS = {
    "cloud": N_("the cloud"),
    "timetable": N_("by itself"),
    "camera": N_("the camera"),
    "printer": N_("the printer"),
    "button": N_("a button on the shelf"),
    "lights": N_("the shelf lights"),
    "box": N_("the box"),
}
_CODED = ("state", "outcome", "method", "how", "refusal", "reason", "fate", "what", "step", "why", "trouble")


def name_of(step: Step, language: Language) -> str:
    return language.translate(KINDS[step.kind]) if step.kind in KINDS else step.kind


def actor_of_step(step: Step, language: Language) -> str:
    """Who did it, and with what in hand."""
    who, _, number = step.who.partition(" ")
    if step.who in ACTORS:
        said = language.translate(ACTORS[step.who])
    elif who == "kiosk" and number:
        said = language.translate(N_("kiosk %(name)s")) % {"name": number}
    else:
        said = step.who
    return f"{said} · {step.device}" if step.device else said


def details_of(step: Step, lines: Mapping[str, str], language: Language) -> str:
    """What a fact says beside its name; `lines`: id of a line, or code of a SKU -> what it is."""
    return " · ".join(_details(step.said, lines, language))


def _details(said: Mapping[str, Any], lines: Mapping[str, str], language: Language) -> Iterator[str]:
    for name in ("slot", "kiosk", "number"):
        if said.get(name):
            yield str(said[name])
    for line in said.get("lines", ()):
        line_id, quantity = (line["line_id"], line["quantity"]) if isinstance(line, dict) else (line, 0)
        yield f"{lines.get(line_id, line_id)}{f' ×{quantity}' if quantity else ''}"
    if said.get("quantity"):
        sku = said.get("sku", "")
        yield f"{lines.get(sku, sku)} ×{said['quantity']}".strip()
    if said.get("grams"):
        yield f"{said['grams']} g"
    for name in _CODED:
        code = said.get(name)
        if isinstance(code, str) and code:
            yield language.translate(CODES[code]) if code in CODES else code
    if isinstance(said.get("refund"), dict):
        yield money(said["refund"]["amount_fen"])
    if said.get("delegate") or said.get("name"):
        yield str(said.get("delegate") or said["name"])
    if said.get("window"):
        yield language.moments.window(said["window"])
