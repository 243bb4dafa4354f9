"""What the box had promised before it was cut off, and whether a file that was left behind keeps it.

A promise is a yes that somebody outside heard: a page that answered a wish, `stream.ack` that reached the cloud, an
event of the store that the cloud heard.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from tests.soak.outcome import Outcome
from tihuo.boards.balance import imbalances
from tihuo.ledger.database import DatabaseTrouble, Look, Readers, check


class Promises(msgspec.Struct):
    """Keys are those of the table `once`; `said` is how far the stream up was heard, as (epoch, seq)."""

    wishes: set[str] = set()
    orders: set[str] = set()
    said: tuple[int, int] = (0, 0)
    received: tuple[int, int] = (0, 0)
    """How far the cloud was told that its stream is safe."""


_TWICE = {
    "answered": "SELECT json_extract(data, '$.order_id') AS what, count(*) FROM journal WHERE kind IN "
    "('order.accepted', 'order.refused') GROUP BY what HAVING count(*) > 1",
    "handed over": "SELECT order_no || '/' || line_no, handed_over FROM order_line WHERE handed_over > put",
    "put": "SELECT order_no || '/' || line_no, put FROM order_line WHERE put + short + cancelled > quantity",
    "written to the stream": "SELECT up_seq, count(*) FROM journal WHERE up_seq IS NOT NULL "
    "GROUP BY up_epoch, up_seq HAVING count(*) > 1",
}
_OVERSOLD = (
    "SELECT session_id || ' ' || sku_id FROM session_item "
    "WHERE ordered + handed_over + granted > minted OR min(free, granted, ordered) < 0"
)


def look_at(database: Path, heard: Promises, where: str, scratch: Path) -> Outcome:
    """Judge a copy of what was left behind; the files themselves are not touched. `where` names the cut in faults."""
    copy = take_copy(database, scratch)
    faults = check(copy)
    if faults:
        return Outcome(wrong=[f"{where}: {fault}" for fault in faults[:3]])
    readers = Readers(copy)
    try:
        return readers.read(judge, heard, where)
    except DatabaseTrouble as trouble:
        return Outcome(wrong=[f"{where}: {trouble}"])
    finally:
        readers.close()


def take_copy(database: Path, scratch: Path) -> Path:
    """The database and its log as they lie there, in a folder of their own; never the shared index."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for suffix in ("", "-wal"):
        beside = database.with_name(database.name + suffix)
        if beside.exists():
            shutil.copyfile(beside, scratch / beside.name)
    return scratch / database.name


def judge(look: Look, heard: Promises, where: str) -> Outcome:
    """One file at one moment against everything that was heard."""
    lost = [f"wish {key}" for key in _missing(look, "once", "key", heard.wishes)]
    lost += [f"order {order}" for order in _missing(look, "shop_order", "order_id", heard.orders)]
    head = look.one("SELECT coalesce(max(up_seq), 0) FROM journal WHERE up_epoch = ?", (heard.said[0],))
    if head is not None and head[0] < heard.said[1]:
        lost.append(f"the stream up ends at {head[0]}, and {heard.said[1]} was heard")
    received = look.one("SELECT epoch, seq FROM cursor WHERE name = 'down'") or (0, 0)
    if tuple(received) < heard.received:
        lost.append(f"the stream down is known up to {received}, and {heard.received} was acknowledged")
    twice = [f"{row[0]} {what} twice" for what, statement in _TWICE.items() for row in look.rows(statement)]
    oversold = [f"{row[0]} oversold" for row in look.rows(_OVERSOLD)]
    wrong = [f"{name}: {rows}" for name, rows in imbalances(look).items()]
    faults = [f"lost {what}" for what in lost] + twice + oversold + wrong
    return Outcome(
        lost=len(lost), twice=len(twice), oversold=len(oversold), wrong=[f"{where}: {fault}" for fault in faults]
    )


def _missing(look: Look, table: str, column: str, wanted: set[str]) -> list[str]:
    there = {row[0] for row in look.rows(f"SELECT {column} FROM {table}")} if wanted else set()
    return sorted(wanted - there)
