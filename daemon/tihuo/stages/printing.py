"""打印: paper that somebody asks for: labels of a wave or the shelf, lists, a trial; and the cash drawer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from tihuo.shop import paper, print_batch
from tihuo.shop.events import DrawerAsked
from tihuo.shop.labels import label_facts, queue_label
from tihuo.shop.scans import slot_text
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

LONGEST_REASON = 60
MOST_PIECES = 5_000
"""Of one batch that is asked for ready: while they are queued, nothing is sold."""


class Begun(msgspec.Struct, frozen=True):
    """A batch that was asked for, and of how many pieces."""

    batch_id: int
    pieces: int


def print_labels(
    work: Work, wave_id: int, zone: str = "", first: str = "", last: str = "", cluster: int = 0, again: bool = False
) -> Begun:
    """整波打印: the labels of a wave, of one zone or cluster of it, or of the slots from `first` to `last`.

    A parcel whose label is on paper already is left out, unless it is asked for `again`: then it says 补打. Labels may
    be printed before anything is sorted; one that turns out wrong is printed anew when its parcel is complete.
    Raises `Refusal`: `unknown_wave`, `nothing_to_print`.
    """
    if work.one("SELECT 1 FROM wave WHERE id = ?", (wave_id,)) is None:
        raise Refusal("unknown_wave")
    parcels = work.sql(
        "SELECT id FROM parcel p WHERE wave_id = ?1 AND state IN ('sorting', 'ready') AND (?2 = '' OR zone = ?2) "
        "AND (?3 = '' OR slot >= ?3) AND (?4 = '' OR slot <= ?4) AND (?5 = 0 OR cluster = ?5) AND EXISTS (SELECT 1 "
        "FROM order_line l WHERE l.parcel_id = p.id AND l.quantity > l.short + l.cancelled) ORDER BY slot, place, id",
        (wave_id, zone, first, last, cluster),
    ).fetchall()
    batch_id = print_batch.begin(work, f"wave:{wave_id}")
    pieces = sum(_label(work, parcel_id, batch_id, again) for (parcel_id,) in parcels)
    if not pieces:
        raise Refusal("nothing_to_print")
    return Begun(batch_id, pieces)


def _label(work: Work, parcel_id: int, batch_id: int, again: bool) -> bool:
    subject = f"parcel:{parcel_id}"
    waiting = "subject = ? AND kind = 'label' AND state IN ('queued', 'expired')"
    for (job_id,) in work.sql(f"SELECT id FROM print_job WHERE {waiting}", (subject,)).fetchall():
        paper.moved(work, job_id, ("queued", "expired"), "cancelled")  # said anew, in this batch
    if queue_label(work, parcel_id, batch_id):
        return True
    if not again:
        return False
    earlier = work.one("SELECT max(copy_no) FROM print_job WHERE subject = ? AND state <> 'cancelled'", (subject,))
    assert earlier is not None
    facts = label_facts(work, parcel_id)
    paper.queue(work, "label", subject, facts, earlier[0] + 1, zone=facts["zone"], batch_id=batch_id)
    return True


def print_slots(work: Work, zone: str = "") -> Begun:
    """货位标签: for every slot of the shop, or of one zone. Raises `Refusal("nothing_to_print")`."""
    slots = [(slot, its) for its, slots in work.house.slots.items() if zone in ("", its) for slot in slots]
    if not slots:
        raise Refusal("nothing_to_print")
    batch_id = print_batch.begin(work, f"slots:{zone}")
    for slot, its in slots:
        facts = {"slot": slot, "zone": its, "text": slot_text(slot)}
        paper.queue(work, "slot", f"slot:{slot}", facts, zone=its, batch_id=batch_id)
    return Begun(batch_id, len(slots))


def print_pick_list(work: Work, wave_id: int, zone: str = "", cluster: int = 0) -> int:
    """拣货单: what is still to be put of a wave, or of a zone or cluster of it, each thing with its slots.

    Raises `Refusal`: `unknown_wave`, `nothing_to_print`.
    """
    if work.one("SELECT 1 FROM wave WHERE id = ?", (wave_id,)) is None:
        raise Refusal("unknown_wave")
    wanted = "l.quantity - l.put - l.short - l.cancelled"
    rows = work.sql(
        f"SELECT d.name, s.spec, s.zone, sum(units), group_concat(slot || '×' || units, '  ') FROM (SELECT l.sku_id, "
        f"p.slot || CASE WHEN p.place > 1 THEN '-' || p.place ELSE '' END AS slot, sum({wanted}) AS units "
        "FROM order_line l JOIN parcel p ON p.id = l.parcel_id WHERE p.wave_id = ?1 AND (?2 = '' OR p.zone = ?2) "
        f"AND (?3 = 0 OR p.cluster = ?3) AND {wanted} > 0 GROUP BY l.sku_id, p.id ORDER BY p.slot, p.place) w "
        "JOIN sku s ON s.id = w.sku_id "
        "JOIN product d ON d.id = s.product_id GROUP BY s.id ORDER BY s.zone, d.name, s.id",
        (wave_id, zone, cluster),
    ).fetchall()
    if not rows:
        raise Refusal("nothing_to_print")
    title = f"拣货单 · 波次 {wave_id}" + (f" · 第 {cluster} 车" if cluster else "")
    return paper.queue(work, "list", f"pick:{wave_id}", _pick_list(title, rows))


def _pick_list(title: str, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "title": title,
        "subtitle": f"{len(rows)} 种，共 {sum(row[3] for row in rows)} 件",
        "rows": [
            {"text": f"{name} {spec}".strip(), "note": slots, "count": f"×{units}"}
            for name, spec, _, units, slots in rows
        ],
        "foot": "",
    }


def print_pieces(work: Work, subject: str, pieces: Sequence[print_batch.Piece], again: bool = False) -> Begun:
    """A batch of paper that was thought out by whoever asks.

    A label that says what one says already, which is on paper or on its way there, is left out unless it is asked for
    `again`; every further one is a copy and says so. Raises `Refusal`: `too_much_paper`, `nothing_to_print`.
    """
    if len(pieces) > MOST_PIECES:
        raise Refusal("too_much_paper", most=MOST_PIECES)
    batch_id = print_batch.begin(work, subject)
    queued = sum(_piece(work, piece, batch_id, again) for piece in pieces)
    if not queued:
        raise Refusal("nothing_to_print")
    return Begun(batch_id, queued)


def _piece(work: Work, piece: print_batch.Piece, batch_id: int, again: bool) -> bool:
    earlier = None
    if piece.kind == "label":
        earlier = work.one(
            "SELECT copy_no, content FROM print_job WHERE subject = ? AND state <> 'cancelled' ORDER BY copy_no DESC",
            (piece.subject,),
        )
    if earlier and not again and json.loads(earlier[1]) == piece.content:
        return False
    copy = earlier[0] + 1 if earlier else 1
    paper.queue(work, piece.kind, piece.subject, piece.content, copy, zone=piece.zone, batch_id=batch_id)
    return True


def try_printer(work: Work, kind: str, printer: str, about: str) -> int:
    """A test page, or the calibration ticket (校准小票), on one printer."""
    return paper.queue(work, kind, f"{kind}:{printer}", {"about": about}, printer=printer)


def open_drawer(work: Work, role: str, reason: str, printer: str = "") -> int:
    """开钱箱: who may and says why has the cash drawer opened, once and at once.

    Raises `Refusal`: `no_right`, `no_reason`.
    """
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if role not in work.house.drawer_roles:
        raise Refusal("no_right")
    if not reason:
        raise Refusal("no_reason")
    job_id = paper.queue(work, "drawer", f"drawer:{work.actor}", {"reason": reason}, printer=printer)
    work.record(DrawerAsked(job_id=job_id, role=role, reason=reason))
    return job_id


def call_off(work: Work, job_id: int) -> None:
    """A person wants a piece no more, or gives up on a doubtful one. Raises `Refusal("job_moved")`."""
    paper.moved(work, job_id, ("queued", "expired", "doubtful"), "cancelled")
