"""重复出示: a code that is shown when everything it stood for has gone. Once soon after is a customer who looks whether
that was all; later it may be somebody with a picture of it."""

from __future__ import annotations

from collections.abc import Mapping

from tihuo.shop.work import Look, Row, Work

SOON_MS = 120_000
HEARD_MS = 600_000
"""How long the staff hear of it."""
_KEPT = "code_shown_again"
_VISIT = (
    "SELECT v.order_no, c.name, json_extract(v.facts, '$.at'), v.opened_at, v.kiosk FROM visit v "
    "JOIN shop_order o ON o.no = v.order_no JOIN customer c ON c.id = o.customer_id "
    "WHERE v.outcome = 'already_collected' AND v.opened_at BETWEEN ? AND ? "
)


def notice(work: Work, visit_id: int, refusal: str, facts: Mapping[str, object]) -> None:
    """Remember the newest such visit, so that a banner finds it in one step."""
    at = facts.get("at")
    if refusal == "already_collected" and isinstance(at, int) and 0 < at < work.now - SOON_MS:
        work.sql("INSERT INTO keep VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2", (_KEPT, str(visit_id)))


def newest(look: Look, now: int) -> Row | None:
    """(order, customer's name, when it was taken, when and where the code was shown again) of the last ten minutes."""
    since = "AND v.id = (SELECT CAST(value AS INTEGER) FROM keep WHERE name = ?)"
    return look.one(_VISIT + since, (now - HEARD_MS, now, _KEPT))


def all_of_them(look: Look, now: int) -> list[Row]:
    """The same of each, newest first."""
    since = "AND v.id > (SELECT max(id) - 200 FROM visit) AND v.opened_at - json_extract(v.facts, '$.at') > ? "
    return look.rows(f"{_VISIT}{since}ORDER BY v.id DESC", (now - HEARD_MS, now, SOON_MS))
