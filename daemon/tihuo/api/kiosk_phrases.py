"""语音: what a kiosk says aloud. A fixed set of pieces and the slots of this shelf, in shop words; never a name, a
phone number or a code.

A piece has a name, such as `slot-C07`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tihuo.api.languages import N_
from tihuo.api.texts import CLOSED, KIOSK, ZONES
from tihuo.boards.kiosk import KioskParcel
from tihuo.shop.words import Zone

MOST_SLOTS = 6
"""More places than these nobody remembers: then the shelf alone tells."""
MOST_PARCELS = 50

PLAIN = {
    "slow": N_("Take your time. Lay your phone in the tray, screen up."),
    "welcome": N_("Hello."),
    "shelf": N_("Go where the shelf blinks."),
    "frozen": N_("Take the frozen one last."),
    "button": N_("When you have it, touch the green button."),
    "confirm": N_("Do you have everything? Then touch the green button."),
    "choose": N_("Take the tick away from what is missing."),
    "pad": N_("Type your eight digits."),
    "called": N_("Our staff is coming. Please wait here."),
    "done": N_("Thank you. Goodbye."),
}
_PARCELS = N_("%(number)s parcels are waiting for you.")
_ONE_PARCEL = N_("One parcel is waiting for you.")
_LEFT = N_("%(number)s parcels stay here for you.")
_ONE_LEFT = N_("One parcel stays here for you.")
_SLOT = N_("Please go to %(zone)s %(letter)s, number %(number)s.")


def pieces_of(state: str, waiting: Sequence[KioskParcel], *, view: str, code: str, slow: bool) -> list[str]:
    """What is said when the screen comes to show this: a state of the stage, a view over it, a word of `KIOSK`."""
    if code:
        return [f"told-{code}"]
    if view or state not in ("idle", "welcome", "partly"):
        return [name] if (name := view or state) in PLAIN else []
    if state == "idle":
        return ["slow"] if slow else []
    if state == "partly":
        return [f"left-{len(waiting)}"]
    slots = list(dict.fromkeys(parcel.slot for parcel in waiting))
    places = [f"slot-{slot}" for slot in slots] if len(slots) <= MOST_SLOTS else ["shelf"]
    zones = {parcel.zone for parcel in waiting}
    last = ["frozen"] if Zone.FROZEN in zones and len(zones) > 1 else []
    return ["welcome", f"parcels-{len(waiting)}", *places, *last, "button"]


def words_of(piece: str, lang: str, slots: Mapping[str, Zone], translate: Callable[[str], str]) -> str:
    """The sentence of a piece. Raises KeyError for one that no kiosk of this shop says."""
    kind, _, rest = piece.partition("-")
    if not rest:
        return translate(PLAIN[piece])
    if kind == "told":
        text = CLOSED[rest.removeprefix("closed_")] if rest.startswith("closed_") else KIOSK[rest]
        return " ".join(translate(sentence) for sentence in text if sentence and "%(" not in sentence)
    if kind == "slot":
        zone = slots[rest]
        number = _number(int(rest[1:]), lang)
        return translate(_SLOT) % {"zone": translate(ZONES[zone]), "letter": zone.letter, "number": number}
    one, many = {"parcels": (_ONE_PARCEL, _PARCELS), "left": (_ONE_LEFT, _LEFT)}[kind]
    if not (rest.isascii() and rest.isdigit() and 1 <= int(rest) <= MOST_PARCELS):
        raise KeyError(piece)
    counted = "两" if lang == "zh" and int(rest) == 2 else _number(int(rest), lang)
    return translate(one) if int(rest) == 1 else translate(many) % {"number": counted}


_DIGITS = "零一二三四五六七八九"


def _number(number: int, lang: str) -> str:
    """A number to be read out.

    >>> [_number(n, "zh") for n in (7, 10, 12, 20, 34, 101)]
    ['七', '十', '十二', '二十', '三十四', '一零一']
    """
    if lang != "zh":
        return str(number)
    tens, ones = divmod(number, 10)
    if tens == 0 or number >= 100:
        return "".join(_DIGITS[int(digit)] for digit in str(number))
    return (_DIGITS[tens] if tens > 1 else "") + "十" + (_DIGITS[ones] if ones else "")
