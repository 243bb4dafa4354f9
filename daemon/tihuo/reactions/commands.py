"""口令: what a scanned command or slot label does for the item in somebody's hand, so that a scanner alone can sort.

Each is a job for the writer: it happens whole, or is refused and nothing happened.
"""

from __future__ import annotations

import msgspec

from tihuo.shop import hands
from tihuo.shop.hands import Hand, Lit
from tihuo.shop.scans import NUMBER, sku_text
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work
from tihuo.stages import sorting


class Heard(msgspec.Struct, frozen=True):
    """What a scan came to. `did`: `item`, `put`, `short`, `damage`, `undone`, `down` or `number`.

    `slots`: (slot, place, units); `ready`: the slots that became complete; `refusal`: why an item is wrong, as
    `stages.sorting.Scanned` has it.
    """

    did: str
    slots: tuple[tuple[str, int, int], ...] = ()
    ready: tuple[str, ...] = ()
    number: int = 0
    refusal: str = ""


def take_item(work: Work, station: str, text: str) -> Heard:
    """An item is in her hand now."""
    return Heard("item", refusal=sorting.scan_item(work, station, text).refusal)


def at_slot(work: Work, station: str, slot: str) -> Heard:
    """The label of a slot: what is lit there is in it; with a number before it, that many.

    Raises `Refusal`: `nothing_in_hand`, `slot_not_lit`, `which_slot` (a number, and two parcels in the slot), and as
    `stages.sorting.put`.
    """
    hand = _hand(work, station)
    here = tuple(one for one in hand.lit if one.slot == slot)
    if not here:
        raise Refusal("slot_not_lit", slot=slot)
    return _put(work, station, hand, here)


def obey(work: Work, station: str, command: str, number: int = 0) -> Heard:
    """A bar code of the command sheet. Raises `Refusal`: `nothing_in_hand`, `nothing_lit`, `nothing_to_undo`,
    `nothing_to_sort`, `which_slot`, and as the stages do."""
    if command == "DONE":
        sorting.lay_down(work, station)
        return Heard("down")
    if command == "NEXT":
        code = hands.next_item(work, station)
        if code is None:
            raise Refusal("nothing_to_sort")
        return take_item(work, station, sku_text(code))
    if command == "UNDO":
        return _undo(work, station)
    hand = _hand(work, station)
    if command == NUMBER:
        hands.keep_number(work, station, hand.sku_id, number)
        return Heard("number", number=number)
    if not hand.lit:
        raise Refusal("nothing_lit")
    if command == "PUT":
        return _put(work, station, hand, hand.lit)
    units = hands.number_for(work, station, hand.sku_id)
    if command == "SHORT":
        return _go_without(work, "short", hand, units or sum(one.units for one in hand.lit))
    return _go_without(work, "damage", hand, units or 1)


def _hand(work: Work, station: str) -> Hand:
    hand = hands.hand_of(work, station)
    if hand is None:
        raise Refusal("nothing_in_hand")
    return hand


def _put(work: Work, station: str, hand: Hand, lit: tuple[Lit, ...]) -> Heard:
    """A piece that was weighed is one unit, and belongs to one slot."""
    units = hands.number_for(work, station, hand.sku_id) or min(hand.grams, 1)
    if units and len(lit) > 1:
        raise Refusal("which_slot", units=units)
    puts = [(one, units or one.units) for one in lit]
    states = [sorting.put(work, one.parcel_id, hand.sku_id, count, grams=hand.grams) for one, count in puts]
    ready = tuple(one.slot for (one, _), state in zip(puts, states, strict=True) if state == "ready")
    hands.keep_last(work, station, [(one.parcel_id, hand.sku_id, count) for one, count in puts])
    return Heard("put", tuple((one.slot, one.place, count) for one, count in puts), ready)


def _go_without(work: Work, verb: str, hand: Hand, units: int) -> Heard:
    """Units that are not there, or broken: whoever ordered last goes without first."""
    if units > sum(one.units for one in hand.lit):
        raise Refusal("more_than_wanted", wanted=sum(one.units for one in hand.lit))
    stage = {"short": sorting.short, "damage": sorting.damage}[verb]
    without = []
    for one in hands.last_to_pay(work, hand.lit, hand.sku_id):
        count = min(units, one.units)
        if count:
            stage(work, one.parcel_id, hand.sku_id, count)
            without.append((one.slot, one.place, count))
        units -= count
    return Heard(verb, tuple(without))


def _undo(work: Work, station: str) -> Heard:
    """A number that waits is forgotten; else her last put comes out again, and its item is in her hand as before."""
    hand = hands.hand_of(work, station)
    if hand and hands.number_for(work, station, hand.sku_id):
        return Heard("number")
    puts = hands.last_puts(work, station)
    if not puts:
        raise Refusal("nothing_to_undo")
    slots = []
    for parcel_id, sku_id, units in puts:
        sorting.undo_put(work, parcel_id, sku_id, units)
        slots.append((*hands.place_of(work, parcel_id), units))
    hands.keep_last(work, station, [])
    take_item(work, station, sku_text(hands.code_of(work, puts[0][1])))
    return Heard("undone", tuple(slots))
