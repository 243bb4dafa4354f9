"""自提时段: the owner cuts the evening into windows; customers and staff choose one."""

from __future__ import annotations

from tihuo.shop import windows
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work, rows_of

MOST = 60
"""Pickup windows of a session: they fit into one message."""


def add_windows(work: Work, session_id: str, start: int, end: int, capacity: int, each_ms: int = 0) -> int:
    """Windows from `start` to `end`, `each_ms` long (0: one window), each for so many customers; gives how many.

    A window that is there already gets the new number. Raises `Refusal`: `unknown_session`, `bad_times`,
    `bad_quantity`, `window_overlaps`, `too_many_windows`.
    """
    _session(work, session_id)
    if end <= start or each_ms < 0:
        raise Refusal("bad_times")
    length = each_ms or end - start
    if (end - start) // length > MOST:
        raise Refusal("too_many_windows", most=MOST)
    new = {(at, min(at + length, end)): capacity for at in range(start, end, length)}
    kept = {span: size for span, size in _spans(work, session_id).items() if span not in new}
    _keep(work, session_id, kept | new)
    return len(new)


def drop_window(work: Work, session_id: str, start: int) -> None:
    """A window is not offered any more. Raises `Refusal`: `unknown_session`, `window_in_use`, `unknown_window`."""
    _session(work, session_id)
    room = next((room for room in windows.rooms(rows_of(work), session_id) if room.window_from == start), None)
    if room is None:
        raise Refusal("unknown_window")
    if room.customers:
        raise Refusal("window_in_use", customers=room.customers)
    kept = _spans(work, session_id)
    del kept[start, room.window_to]
    _keep(work, session_id, kept)


def copy_windows(work: Work, session_id: str, like: str) -> int:
    """The windows of another session, as long after the beginning of its own as they are there; gives how many.

    Raises `Refusal`: `unknown_session`, `unknown_window` (that one has none), `window_in_use`.
    """
    later = _session(work, session_id)[1] - _session(work, like)[1]
    there = _spans(work, like)
    if not there:
        raise Refusal("unknown_window")
    if customers := sum(room.customers for room in windows.rooms(rows_of(work), session_id)):
        raise Refusal("window_in_use", customers=customers)
    _keep(work, session_id, {(start + later, end + later): size for (start, end), size in there.items()})
    return len(there)


def share_out(work: Work, session_id: str) -> int:
    """Everybody who chose no window gets one now; gives how many orders. Raises `Refusal("unknown_session")`."""
    _session(work, session_id)
    return len(windows.share_out(work, session_id))


def choose(work: Work, order_no: int, start: int, end: int, at: int | None = None) -> list[int]:
    """An order is to be fetched in that window, or `at` a time of her own; gives the orders that move along.

    How full a window is never stands in the way. Raises `Refusal`: `unknown_order`, `bad_times`, `cancelled`,
    `refused_order`, `already_collected`.
    """
    order = work.one(
        "SELECT o.state, sum(l.quantity - l.short - l.cancelled - l.handed_over), o.window_from, o.window_to, t.at "
        "FROM shop_order o JOIN order_line l ON l.order_no = o.no LEFT JOIN own_time t ON t.order_no = o.no "
        "WHERE o.no = ? GROUP BY o.no",
        (order_no,),
    )
    if order is None:
        raise Refusal("unknown_order", order=order_no)
    state, left, *now = order
    if state != "accepted":
        raise Refusal("cancelled" if state == "cancelled" else "refused_order", order=order_no)
    if not left:
        raise Refusal("already_collected", at=work.now)
    if end <= start:
        raise Refusal("bad_times")
    if now == [start, end, at]:
        return []
    return windows.bring_together(work, order_no, (start, end), at)


def choice_of_customer(work: Work, order_id: str, start: int, end: int, at: int | None) -> None:
    """The cloud says when a customer means to come. What is over by now needs no window. Raises `Refusal`:
    `unknown_order`, `bad_times`."""
    row = work.one("SELECT no FROM shop_order WHERE order_id = ?", (order_id,))
    if row is None:
        raise Refusal("unknown_order", order=order_id)
    try:
        choose(work, row[0], start, end, at)
    except Refusal as refusal:
        if refusal.code not in ("cancelled", "refused_order", "already_collected"):
            raise


def windows_again(work: Work, session_id: str, told: dict[windows.Span, int]) -> None:
    """After a restore: the windows that the cloud was told of."""
    if work.one("SELECT 1 FROM live_session WHERE id = ?", (session_id,)):
        work.sql("DELETE FROM pickup_window WHERE session_id = ?", (session_id,))
        _insert(work, session_id, told)


def choice_again(work: Work, order_id: str, start: int, end: int, at: int | None) -> None:
    """After a restore: the window that the cloud was told for an order, if there is such an order by now."""
    if work.one("SELECT 1 FROM shop_order WHERE order_id = ?", (order_id,)):
        choice_of_customer(work, order_id, start, end, at)


def _session(work: Work, session_id: str) -> tuple[str, int]:
    row = work.one("SELECT state, window_from FROM live_session WHERE id = ?", (session_id,))
    if row is None:
        raise Refusal("unknown_session", session=session_id)
    return row[0], row[1]


def _spans(work: Work, session_id: str) -> dict[windows.Span, int]:
    return {(room.window_from, room.window_to): room.capacity for room in windows.rooms(rows_of(work), session_id)}


def _keep(work: Work, session_id: str, new: dict[windows.Span, int]) -> None:
    windows.checked([(*span, size) for span, size in new.items()])
    if len(new) > MOST:
        raise Refusal("too_many_windows", most=MOST)
    work.sql("DELETE FROM pickup_window WHERE session_id = ?", (session_id,))
    _insert(work, session_id, new)
    if _session(work, session_id)[0] != "draft":
        windows.tell_windows(work, session_id)


def _insert(work: Work, session_id: str, new: dict[windows.Span, int]) -> None:
    work.many(
        "INSERT INTO pickup_window(session_id, window_from, window_to, capacity) VALUES (?, ?, ?, ?)",
        [(session_id, *span, size) for span, size in sorted(new.items())],
    )
