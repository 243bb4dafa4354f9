"""What the store's book, the cloud's book and the staff remember, laid side by side when all is quiet."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from tihuo.demo.cloud import DemoCloud

_UNITS = "SELECT o.order_id, sum(l.handed_over) FROM shop_order o JOIN order_line l ON l.order_no = o.no GROUP BY o.no"


def differences(cloud: DemoCloud, database: Path, wished: Mapping[str, int] | None = None) -> list[str]:
    """Where they disagree. `wished` maps the key of each tap that puts or misses something to its units."""
    with looking_at(database) as store:
        known = dict(store.execute("SELECT order_id, state FROM shop_order"))
        handed = dict(store.execute(_UNITS))
        grants = {row[0]: row[1:] for row in store.execute("SELECT id, sold, returned, issued FROM stock_grant")}
        keys = {row[0] for row in store.execute("SELECT key FROM once")}
        counted = store.execute("SELECT coalesce(sum(put), 0), coalesce(sum(short), 0) FROM order_line").fetchone()
    found = []
    for order in cloud.orders():
        here = known.get(order.order_id)
        if here is None:
            found.append(f"lost {order.order_id}: the cloud sold it, the store does not know it")
        elif (here == "refused") != (order.state == "refused") or order.state == "paid":
            found.append(f"{order.order_id} is {order.state} in the cloud and {here} in the store")
        units = sum(line.handed_over for line in order.lines)
        if units != handed.get(order.order_id, 0):
            found.append(f"{order.order_id}: the cloud heard of {units} units, {handed.get(order.order_id)} went")
    for grant in cloud.grants():
        here = grants.get(grant.grant_id)
        there = (grant.sold - grant.not_taken, grant.returned, grant.quantity)
        if here != there:
            found.append(f"{grant.grant_id}: sold, returned, issued are {there} in the cloud and {here} in the store")
    if wished is not None:
        for verb, units in zip(("put", "short"), counted, strict=True):
            granted = sum(count for key, count in wished.items() if key.startswith(f"{verb}:") and key in keys)
            if granted != units:
                found.append(f"{verb}: staff were told yes for {granted} units, the store counts {units}")
    return found


def looking_at(database: Path) -> sqlite3.Connection:
    return _Reading(f"file:{database}?mode=ro", uri=True, timeout=5)


class _Reading(sqlite3.Connection):
    """Closed after its `with`. Read-only, so that leaving it never tidies the log away for the next process."""

    def __exit__(self, *_: object) -> None:  # type: ignore[override]
        self.close()
