"""库存校准: somebody stands before the shelf and sees that the book is wrong."""

from __future__ import annotations

from tihuo.shop.corrections import LESS, MORE, Corrected, put_in, take_out
from tihuo.shop.counts import PHOTO_BYTES
from tihuo.shop.events import PhotosForgotten, StockCorrected
from tihuo.shop.fence import keep_out
from tihuo.shop.grants import lend
from tihuo.shop.shortages import POLICIES, find_again
from tihuo.shop.stock import unmint
from tihuo.shop.words import Refusal
from tihuo.shop.work import Look, Work

DAY_MS = 86_400_000
AT_ONCE = 50
"""Photographs that one transaction deletes."""


def correct(
    work: Work, sku: str, quantity: int, reason: str, note: str = "", session_id: str = "", policy: str = "",
    photo: bytes | None = None,
) -> Corrected:  # fmt: skip
    """库存校准: there are `quantity` more units than the book says, or fewer if it is negative, and why.

    Fewer: the shop's own stock loses first, then what nobody bought, what the cloud gives back, and what customers
    ordered, by `policy`. More: the shop's own stock, or rights of an open session if one is named. A photograph is a
    JPEG of 60 KB at most; the oldest make room for it.
    Raises `Refusal`: `bad_quantity`, `bad_reason`, `unknown_sku`, `photo_too_large`, `more_than_there`,
    `session_not_open`, `not_on_hand`.
    """
    keep_out(work)
    if not 0 < abs(quantity) <= 1_000_000:
        raise Refusal("bad_quantity")
    if reason not in (LESS if quantity < 0 else MORE) or policy not in ("", *POLICIES):
        raise Refusal("bad_reason")
    if photo is not None and len(photo) > PHOTO_BYTES:
        raise Refusal("photo_too_large")
    sku_id = _sku(work, sku)
    note = note.strip()[:200]
    if quantity > 0:
        done = put_in(work, sku_id, quantity, reason, note=note, session_id=session_id, photo=photo)
    else:
        done = take_out(work, sku_id, -quantity, reason, note=note, session_id=session_id, policy=policy, photo=photo)
    if photo is not None:
        _make_room(work)
    return done


def undo_correction(work: Work, correction_id: int) -> int:
    """The last tap was a mistake: everything goes back to where it was; gives the units, as `Corrected.quantity`.

    Raises `Refusal`: `unknown_correction`, `already_undone`, `refund_told` (a customer went without and knows it),
    `too_late_to_undo` (what came on top is sold or lent by now).
    """
    keep_out(work)
    row = work.one(
        "SELECT c.sku_id, s.code, c.quantity, c.on_hand, c.session_id, c.losses, c.reason, c.undone_at "
        "FROM correction c JOIN sku s ON s.id = c.sku_id WHERE c.id = ? AND c.count_id IS NULL",
        (correction_id,),
    )
    if row is None:
        raise Refusal("unknown_correction")
    sku_id, sku, quantity, on_hand, session_id, losses, reason, undone_at = row
    if undone_at is not None:
        raise Refusal("already_undone")
    minted = quantity - on_hand if session_id else 0
    if minted:
        _take_from_session(work, session_id, sku_id, minted)
    if not work.sql(
        "UPDATE sku SET on_hand = on_hand - ?1 WHERE id = ?2 AND on_hand >= ?1", (on_hand + minted, sku_id)
    ).rowcount:
        raise Refusal("too_late_to_undo")
    lost = work.sql(
        "SELECT value, session_id FROM json_each(?) LEFT JOIN shortage ON shortage.id = value", (losses,)
    ).fetchall()
    if not all(find_again(work, shortage_id) for shortage_id, _ in lost):
        raise Refusal("refund_told")
    work.sql(
        "UPDATE correction SET undone_at = ?, undone_by = ?, photo = NULL WHERE id = ?",
        (work.now, work.actor, correction_id),
    )
    work.record(
        StockCorrected(
            correction_id=correction_id,
            sku=sku,
            quantity=-quantity,
            on_hand=-on_hand,
            reason=reason,
            session_id=session_id,
            undoes=correction_id,
        )
    )
    for session in {session for _, session in lost}:
        lend(work, session, sku_id)
    return int(-quantity)


def has_photos(look: Look) -> bool:
    return look.one("SELECT 1 FROM correction WHERE photo IS NOT NULL LIMIT 1") is not None


def forget_photos(work: Work) -> int:
    """Delete photographs of corrections that are older than the shop keeps them, and say so in the journal; gives how
    many, at most 50. Nothing is deleted while nobody vouches for the clock."""
    if not work.sure:
        return 0
    rows = work.sql(
        "SELECT id FROM correction WHERE photo IS NOT NULL AND at < ? ORDER BY id LIMIT ?",
        (work.now - work.house.photo_days * DAY_MS, AT_ONCE),
    ).fetchall()
    _forget(work, [row[0] for row in rows], "old")
    return len(rows)


def _make_room(work: Work) -> None:
    """The oldest photographs go when all together take more room than they may."""
    sizes = work.sql("SELECT id, length(photo) FROM correction WHERE photo IS NOT NULL ORDER BY id").fetchall()
    room = sum(size for _, size in sizes) - work.house.photo_bytes
    gone = []
    for number, size in sizes[:-1]:
        if room <= 0:
            break
        gone.append(number)
        room -= size
    _forget(work, gone, "full")


def _forget(work: Work, numbers: list[int], why: str) -> None:
    if numbers:
        work.many("UPDATE correction SET photo = NULL WHERE id = ?", [(number,) for number in numbers])
        work.record(PhotosForgotten(corrections=tuple(numbers), why=why))


def _take_from_session(work: Work, session_id: str, sku_id: int, quantity: int) -> None:
    """Rights that a correction minted end, if nobody has them yet; their units are the shop's own for a moment."""
    row = work.one("SELECT free FROM session_item WHERE session_id = ? AND sku_id = ?", (session_id, sku_id))
    if row is None or row[0] < quantity:
        raise Refusal("too_late_to_undo")
    unmint(work, session_id, sku_id, "free", quantity, "offered")


def _sku(work: Work, code: str) -> int:
    row = work.one("SELECT id FROM sku WHERE code = ?", (code,))
    if row is None:
        raise Refusal("unknown_sku", sku=code)
    return int(row[0])
