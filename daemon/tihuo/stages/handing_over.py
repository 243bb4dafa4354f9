"""履约与自提: a customer comes, is recognised, and takes her parcels once."""

from __future__ import annotations

import json

from tihuo.shop import calls, delegates, guesses, manners, shown_again, tails
from tihuo.shop.events import CheckedIn, VisitEnded
from tihuo.shop.fence import keep_out
from tihuo.shop.handovers import Given, Taking, Way, begin_anew, give, give_each, ready_for_each, ready_parcels
from tihuo.shop.identity import Identity, about_order, identify, identify_each, kind_of
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work, folds, rows_of

WELCOME_MS = 45_000
CONFIRM_MS = 20_000
PARTLY_MS = 10_000
DONE_MS = 5_000
REFUSED_MS = 12_000
_LASTS_MS = {"welcome": WELCOME_MS, "confirm": CONFIRM_MS, "partly": PARTLY_MS, "done": DONE_MS}


def check_in(work: Work, kiosk: str, code: str, method: str = "kiosk") -> int:
    """登记: a code was shown at a kiosk; gives the visit that the kiosk's page is now drawn from.

    A code that helps nobody is a fact too: the visit's `outcome` is then what `shop.identity.identify` refuses, or
    `not_ready`, `already_collected`, `nothing_left`, `expired` or `part_of_a_parcel`, with what the page needs in
    `facts`. Whoever goes on while digits pause (`too_many_tries`) writes nothing more.
    """
    try:
        keep_out(work)
        known = identify(work, code, kiosk=kiosk)
    except Refusal as refusal:
        if refusal.code == "too_many_tries" and (here := _told(work, kiosk, refusal.code)):
            return here
        return _open_visit(work, kiosk, method, None, kind_of(code), refusal, about_order(refusal))
    return _welcome(work, kiosk, known, method)


def keep_apart(work: Work, kiosk: str) -> int:
    """一次一码: two people's codes lie before the camera; nobody is welcome until one of them is alone there."""
    return _open_visit(work, kiosk, "kiosk", None, "qr", Refusal("two_codes"))


def still_apart(work: Work, kiosk: str) -> None:
    """Both codes still lie there: what says so stays, and is said anew as soon as the kiosk shows nobody else."""
    if here := _told(work, kiosk, "two_codes"):
        work.sql("UPDATE visit SET ends_at = ? WHERE id = ?", (_end_of(work, kiosk, "two_codes"), here))
    elif not work.one("SELECT 1 FROM visit WHERE kiosk = ? AND closed_at IS NULL", (kiosk,)):
        keep_apart(work, kiosk)


def check_in_by_tail(work: Work, kiosk: str, tail: str, surname: str, goods: frozenset[int]) -> int:
    """手机尾号: a customer without a code said her phone's last digits, her family name and what she ordered.

    Whatever of it is wrong, the visit's `outcome` is `tail_unknown`. Raises `Refusal`: `too_many_tries`,
    `tail_not_now`, `bad_tail`, `no_tails` (this shop does not do it).
    """
    if not work.house.phone_tail:
        raise Refusal("no_tails")
    key = work.house.code_key
    all_tails, this_one = guesses.doors_of_tails(key, tail)
    guesses.keep_waiting(work, (all_tails,))
    found = tails.answered(rows_of(work), key, tail, surname, goods)
    try:
        keep_out(work)
        if found is None or guesses.is_shut(work, this_one[0]):
            guesses.wrong(work, (all_tails, this_one))
            raise Refusal("tail_unknown")
    except Refusal as refusal:
        return _open_visit(work, kiosk, "kiosk", None, "phone_tail", refusal)
    return _welcome(work, kiosk, Identity(found.order_no, found.customer_id, "phone_tail"), "kiosk")


def _welcome(work: Work, kiosk: str, known: Identity, method: str) -> int:
    if known.method == "rotating" and (here := _visit_of(work, kiosk, known.order_no)):
        return here  # her phone still lies there, and its code has changed by itself
    try:
        _parcels_of(work, known.order_no, known.customer_id, known.delegation)
    except Refusal as refusal:
        return _open_visit(work, kiosk, method, known, known.method, refusal)
    return _open_visit(work, kiosk, method, known, known.method)


def _visit_of(work: Work, kiosk: str, order_no: int) -> int | None:
    row = work.one(
        "SELECT id FROM visit WHERE kiosk = ? AND order_no = ? AND closed_at IS NULL "
        "AND outcome IN ('welcome', 'confirm', 'partly', 'done')",
        (kiosk, order_no),
    )
    return row[0] if row else None


def _told(work: Work, kiosk: str, outcome: str) -> int | None:
    """The visit that tells a kiosk's page just this."""
    row = work.one("SELECT id FROM visit WHERE kiosk = ? AND closed_at IS NULL AND outcome = ?", (kiosk, outcome))
    return row[0] if row else None


def _open_visit(
    work: Work,
    kiosk: str,
    method: str,
    known: Identity | None,
    known_by: str,
    refusal: Refusal | None = None,
    about: int | None = None,
) -> int:
    outcome, facts = (refusal.code, refusal.facts) if refusal else ("welcome", {})
    order_no = known.order_no if known else about
    before = work.one("SELECT customer_id FROM visit WHERE kiosk = ? AND closed_at IS NULL", (kiosk,))
    _end_open_visits(work, kiosk, "replaced")
    manners.arrive(work, kiosk, before[0] if before else None, known.customer_id if known else None)
    visit_id = work.sql(
        "INSERT INTO visit(kiosk, order_no, customer_id, outcome, facts, method, opened_at, ends_at, known_by, "
        "delegation, given_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) "
        "FROM handover_line))",
        (
            kiosk,
            order_no,
            known.customer_id if known else None,
            outcome,
            json.dumps(facts),
            method,
            work.now,
            _end_of(work, kiosk, outcome),
            known_by,
            known.delegation if known else None,
        ),
    ).lastrowid
    assert visit_id is not None
    shown_again.notice(work, visit_id, outcome, facts)
    work.record(
        CheckedIn(
            visit_id=visit_id,
            kiosk=kiosk,
            order_no=order_no,
            refusal=refusal.code if refusal else "",
            by=known_by,
            delegate=known.delegate if known else "",
        )
    )
    return visit_id


def hand_over(work: Work, visit_id: int, parcel_ids: list[int] | None = None) -> Given:
    """核销交付 at a kiosk: the customer of an open visit takes these parcels, or all of hers that are ready.

    Raises `Refusal`: `visit_over`, `already_collected` (all of them went over the counter in the meantime).
    """
    keep_out(work)
    visit = work.one(
        "SELECT customer_id, method, order_no, known_by, delegation, kiosk FROM visit WHERE id = ? "
        "AND closed_at IS NULL AND outcome IN ('welcome', 'confirm', 'partly')",
        (visit_id,),
    )
    if visit is None:
        raise Refusal("visit_over")
    customer_id, method, order_no, known_by, delegation, kiosk = visit
    ready, neighbour = _parcels_of(work, order_no, customer_id, delegation)
    chosen = ready if parcel_ids is None else [parcel for parcel in ready if parcel in set(parcel_ids)]
    if not chosen:
        raise Refusal("already_collected", **delegates.last_taken(work, order_no))
    who = neighbour.who if neighbour else ""
    given = give(work, Taking(customer_id, chosen, Way(method, visit_id, order_no, who, known_by)))
    left = given.left if neighbour is None or neighbour.lines is None else len(set(ready) - set(chosen))
    outcome = "partly" if left else "done"
    work.sql(
        "UPDATE visit SET outcome = ?, ends_at = ? WHERE id = ?",
        (outcome, _end_of(work, kiosk, outcome), visit_id),
    )
    return given


@folds
def hand_over_by_code(work: Work, codes: list[str]) -> list[Given]:
    """核销交付 at the counter: everything that is ready for the customer of a code, in one step.

    Raises `Refusal` with the codes of `check_in`.
    """
    keep_out(work)
    given: list[Given] = []
    together: dict[str, tuple[int, Identity]] = {}
    for turn, known in enumerate(identify_each(work, codes)):
        if known.customer_id in together:  # who gets nothing any more, unless that code opened less
            given += _give_all(work, list(together.values()))
            together.clear()
        together[known.customer_id] = turn, known
    return given + _give_all(work, list(together.values()))


def _give_all(work: Work, people: list[tuple[int, Identity]]) -> list[Given]:
    """Each with whose job it is; no customer twice."""
    neighbours = {
        turn: neighbour
        for turn, known in people
        if known.lines is not None and known.delegation and (neighbour := delegates.delegation(work, known.delegation))
    }
    others = [(turn, known) for turn, known in people if turn not in neighbours]
    ready = ready_for_each(work, [(known.order_no, known.customer_id) for _, known in others])
    parcels = {turn: found for (turn, _), found in zip(others, ready, strict=True)}
    parcels |= {turn: delegates.parcels_with(work, neighbour) for turn, neighbour in neighbours.items()}
    return give_each(
        work,
        [
            Taking(
                known.customer_id,
                parcels[turn],
                Way("staff_code", shown_no=known.order_no, delegate=known.delegate, by=known.method),
                lines=known.lines,
                turn=turn,
            )
            for turn, known in people
        ],
    )


def hand_over_parcel(
    work: Work, parcel_id: int, lines: dict[int, int] | None = None, method: str = "staff_phone"
) -> Given:
    """核销交付 at the counter of one parcel, or of some units of it: {SKU number: quantity}.

    Raises `Refusal`: `already_collected`, `not_ready`, `more_than_ready`, `bad_quantity`.
    """
    keep_out(work)
    if lines is not None and any(quantity <= 0 for quantity in lines.values()):
        raise Refusal("bad_quantity")
    parcel = work.one(
        "SELECT state, customer_id, handed_over_at, EXISTS (SELECT 1 FROM astray WHERE parcel_id = p.id) "
        "FROM parcel p WHERE id = ?",
        (parcel_id,),
    )
    if parcel is None or parcel[0] in ("sorting", "empty"):
        raise Refusal("not_ready")
    if parcel[3]:
        raise Refusal("being_looked_for")
    if parcel[0] == "handed_over":
        raise Refusal("already_collected", at=parcel[2])
    return give(work, Taking(parcel[1], [parcel_id], Way(method), skus=lines))


def ask_again(work: Work) -> int:
    """The clock moves visits on: an unanswered welcome asks once more, everything else goes back to idle.

    Gives how many moved. Nothing is ever taken for granted: an unanswered question hands nothing over.
    """
    overdue = work.sql(
        "SELECT id, kiosk, outcome FROM visit WHERE closed_at IS NULL AND ends_at <= ?", (work.ticks,)
    ).fetchall()
    for visit_id, kiosk, outcome in overdue:
        if outcome == "welcome":
            work.sql(
                "UPDATE visit SET outcome = 'confirm', ends_at = ? WHERE id = ?",
                (_end_of(work, kiosk, "confirm"), visit_id),
            )
            work.record(CheckedIn(visit_id=visit_id, kiosk=kiosk))
        else:
            _end(work, visit_id, kiosk, "walked_away" if outcome == "confirm" else "over")
    return len(overdue)


def go_on(work: Work) -> None:
    """The box has started: the count that visits are timed by may have begun anew, so whoever stood at a kiosk then
    gets her time once more; who called has gone."""
    for visit_id, kiosk, outcome in work.sql("SELECT id, kiosk, outcome FROM visit WHERE closed_at IS NULL").fetchall():
        work.sql("UPDATE visit SET ends_at = ? WHERE id = ?", (_end_of(work, kiosk, outcome), visit_id))
    begin_anew(work)
    calls.hang_up(work)
    guesses.go_on(work)
    manners.go_on(work)


def leave(work: Work, visit_id: int) -> None:
    """The customer, or the page's countdown, ends a visit. Ending it twice changes nothing."""
    row = work.one("SELECT kiosk FROM visit WHERE id = ? AND closed_at IS NULL", (visit_id,))
    if row is not None:
        _end(work, visit_id, row[0], "left")


def call_staff(work: Work, kiosk: str, visit_id: int | None = None) -> None:
    """叫店员: somebody at the kiosk wants a person."""
    calls.call(work, kiosk, visit_id)


def _parcels_of(
    work: Work, order_no: int, customer_id: str, delegation: int | None
) -> tuple[list[int], delegates.Delegation | None]:
    """The parcels that may be carried away, and the neighbour who came for them, if one did."""
    neighbour = delegates.delegation(work, delegation) if delegation is not None else None
    if neighbour is not None and neighbour.revoked_at is not None:
        raise Refusal("revoked", at=neighbour.revoked_at)
    if neighbour is None or neighbour.lines is None:
        return ready_parcels(work, order_no, customer_id), neighbour
    return delegates.parcels_for(work, neighbour, customer_id), neighbour


def _end_of(work: Work, kiosk: str, outcome: str) -> int:
    """When a visit moves on by itself: not by the time, which may jump."""
    return work.ticks + manners.kept(work, kiosk).lasts(_LASTS_MS.get(outcome, REFUSED_MS))


def _end_open_visits(work: Work, kiosk: str, how: str) -> None:
    for (visit_id,) in work.sql("SELECT id FROM visit WHERE kiosk = ? AND closed_at IS NULL", (kiosk,)).fetchall():
        _end(work, visit_id, kiosk, how)


def _end(work: Work, visit_id: int, kiosk: str, how: str) -> None:
    row = work.one("UPDATE visit SET closed_at = ? WHERE id = ? RETURNING outcome", (work.now, visit_id))
    if row is None or row[0] not in _LASTS_MS:
        manners.stay(work, kiosk)
    elif how != "replaced":
        manners.forget(work, kiosk)
    work.record(VisitEnded(visit_id=visit_id, kiosk=kiosk, how=how))
