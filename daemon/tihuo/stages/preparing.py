"""筹备: the catalog, goods received, and a live session with its items."""

from __future__ import annotations

import msgspec

from tihuo.shop.catalog import gtin13
from tihuo.shop.events import GoodsReceived, ItemOffered, SessionClosed, SessionOpened, SkuKept
from tihuo.shop.stock import end_free, grant_size, issue_grant, mint
from tihuo.shop.words import Refusal, Zone
from tihuo.shop.work import Work

MOST_ITEMS = 300
"""Items of a session at most: what it offers goes to the cloud in one message."""


class NewSku(msgspec.Struct, frozen=True, kw_only=True):
    """A thing to sell. `code` is the shop's own name for it; `barcode` may be missing; prices in fen."""

    code: str
    product: str
    spec: str = ""
    unit: str = "件"
    barcode: str | None = None
    zone: Zone = Zone.AMBIENT
    price_fen: int
    supplier: str = ""


class NewItem(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU of a session. A pre-sale mints `quantity` on the word of `cap_set_by`; on-hand goods mint from stock."""

    sku: str
    kind: str
    quantity: int
    price_fen: int
    limit_per_customer: int | None = None
    arrives_on: str | None = None
    cap_set_by: str = ""


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    session_id: str
    title: str
    starts_at: int
    ends_at: int
    window: tuple[int, int]
    items: tuple[NewItem, ...]


def keep_sku(work: Work, new: NewSku) -> int:
    """Put a SKU into the catalog (中央商品池), or bring it up to date; gives its number.

    Raises `Refusal("barcode_taken")` when another SKU has that barcode.
    """
    barcode = gtin13(new.barcode.strip()) or None if new.barcode else None
    if barcode is not None:
        taken = work.one("SELECT code FROM sku WHERE barcode = ? AND code <> ?", (barcode, new.code))
        if taken is not None:
            raise Refusal("barcode_taken", barcode=barcode, sku=taken[0])
    product = work.one(
        "INSERT INTO product(name, supplier) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET "
        "supplier = coalesce(nullif(excluded.supplier, ''), supplier) RETURNING id",
        (new.product, new.supplier),
    )
    assert product is not None
    row = work.one(
        "INSERT INTO sku(code, product_id, spec, unit, barcode, zone, price_fen, on_hand) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT(code) DO UPDATE SET product_id = excluded.product_id, "
        "spec = excluded.spec, unit = excluded.unit, barcode = excluded.barcode, zone = excluded.zone, "
        "price_fen = excluded.price_fen RETURNING id",
        (new.code, product[0], new.spec, new.unit, barcode, new.zone.value, new.price_fen),
    )
    assert row is not None
    work.record(SkuKept(sku=new.code, price_fen=new.price_fen))
    return int(row[0])


def meet_sku(work: Work, new: NewSku) -> int:
    """A SKU that another program names: put into the catalog if it is new, and left as the shop keeps it if not."""
    row = work.one("SELECT id FROM sku WHERE code = ?", (new.code,))
    return int(row[0]) if row else keep_sku(work, new)


def receive(work: Work, sku: str, quantity: int) -> None:
    """到货入库: units of a SKU came into the shop. Raises `Refusal`: `unknown_sku`, `bad_quantity`."""
    if quantity <= 0:
        raise Refusal("bad_quantity")
    if not work.sql("UPDATE sku SET on_hand = on_hand + ? WHERE code = ?", (quantity, sku)).rowcount:
        raise Refusal("unknown_sku", sku=sku)
    work.record(GoodsReceived(sku=sku, quantity=quantity))


def plan_session(work: Work, new: NewSession) -> None:
    """Write down a session (直播场次) as a draft; nothing can be sold yet.

    Raises `Refusal`: `session_exists`, `session_without_items`, `too_many_items`, `bad_times`, and what `add_item`
    raises.
    """
    if work.one("SELECT 1 FROM live_session WHERE id = ?", (new.session_id,)):
        raise Refusal("session_exists", session=new.session_id)
    if not new.items:
        raise Refusal("session_without_items")
    if len(new.items) > MOST_ITEMS:
        raise Refusal("too_many_items", most=MOST_ITEMS)
    if new.ends_at <= new.starts_at or new.window[1] <= new.window[0]:
        raise Refusal("bad_times")
    work.sql(
        "INSERT INTO live_session(id, title, state, starts_at, ends_at, window_from, window_to) "
        "VALUES (?, ?, 'draft', ?, ?, ?, ?)",
        (new.session_id, new.title, new.starts_at, new.ends_at, *new.window),
    )
    for item in new.items:
        add_item(work, new.session_id, item)


def add_item(work: Work, session_id: str, item: NewItem) -> None:
    """Offer one more SKU in a session. A pre-sale of 0 is an item whose orders all come by import.

    Raises `Refusal`: `unknown_session`, `unknown_sku`, `bad_quantity`, `item_exists`, `not_enough_on_hand`.
    """
    if not work.one("SELECT 1 FROM live_session WHERE id = ?", (session_id,)):
        raise Refusal("unknown_session", session=session_id)
    sku = work.one("SELECT id FROM sku WHERE code = ?", (item.sku,))
    if sku is None:
        raise Refusal("unknown_sku", sku=item.sku)
    if item.quantity < 0 or (item.quantity == 0 and item.kind == "on_hand"):
        raise Refusal("bad_quantity", sku=item.sku)
    if work.one("SELECT 1 FROM session_item WHERE session_id = ? AND sku_id = ?", (session_id, sku[0])):
        raise Refusal("item_exists", sku=item.sku)
    work.sql(
        "INSERT INTO session_item(session_id, sku_id, kind, price_fen, limit_per_customer, arrives_on, cap_set_by, "
        "offered, minted, free, granted, ordered, quarantine, handed_over, void, version) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, ?)",
        (
            session_id,
            sku[0],
            item.kind,
            item.price_fen,
            item.limit_per_customer,
            item.arrives_on,
            item.cap_set_by or work.actor,
            item.quantity,
            work.version,
        ),
    )
    if item.kind == "on_hand":
        taken = work.sql(
            "UPDATE sku SET on_hand = on_hand - ?1 WHERE id = ?2 AND on_hand >= ?1", (item.quantity, sku[0])
        ).rowcount
        if not taken:
            raise Refusal("not_enough_on_hand", sku=item.sku)
    mint(work, session_id, sku[0], item.quantity)
    cap_set_by = item.cap_set_by or work.actor
    work.record(ItemOffered(session_id=session_id, sku=item.sku, quantity=item.quantity, cap_set_by=cap_set_by))


def open_session(work: Work, session_id: str) -> None:
    """直播 begins: tell the cloud what is for sale and lend it the first grants.

    Raises `Refusal("session_not_draft")`.
    """
    if not work.sql("UPDATE live_session SET state = 'open' WHERE id = ? AND state = 'draft'", (session_id,)).rowcount:
        raise Refusal("session_not_draft", session=session_id)
    work.record(SessionOpened(session_id=session_id))
    for sku_id, free in work.sql(
        "SELECT sku_id, free FROM session_item WHERE session_id = ? ORDER BY sku_id", (session_id,)
    ).fetchall():
        quantity = grant_size(free, 0, work.house)
        if quantity:
            issue_grant(work, session_id, sku_id, quantity)


def close_session(work: Work, session_id: str) -> None:
    """截单: nothing more is lent, and free rights end; goods on hand go back to the shop's stock.

    What the cloud still holds stays good until the cloud gives it back. Raises `Refusal("session_not_open")`.
    """
    if not work.sql("UPDATE live_session SET state = 'closed' WHERE id = ? AND state = 'open'", (session_id,)).rowcount:
        raise Refusal("session_not_open", session=session_id)
    work.record(SessionClosed(session_id=session_id))
    for sku_id, free in work.sql(
        "SELECT sku_id, free FROM session_item WHERE session_id = ? AND free > 0", (session_id,)
    ).fetchall():
        end_free(work, session_id, sku_id, free)
