"""坏灯: lamps that are known not to shine. They are left alone until somebody tests them and sees them shine."""

from __future__ import annotations

from tihuo.shop.events import LampDead, LampWell
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


def mark_dead(work: Work, slot: str, why: str) -> None:
    """Nobody waits for this lamp any more. Raises `Refusal("unknown_slot")`."""
    if all(slot not in slots for slots in work.house.slots.values()):
        raise Refusal("unknown_slot", slot=slot)
    added = work.sql(
        "INSERT INTO dead_lamp(slot, why, actor, at) VALUES (?, ?, ?, ?) ON CONFLICT(slot) DO NOTHING",
        (slot, why, work.actor, work.now),
    ).rowcount
    if added:
        work.record(LampDead(slot=slot, why=why))


def mark_well(work: Work, slot: str) -> None:
    """Somebody saw it shine; a lamp that was well anyway stays so."""
    if work.sql("DELETE FROM dead_lamp WHERE slot = ?", (slot,)).rowcount:
        work.record(LampWell(slot=slot))
