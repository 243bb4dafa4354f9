"""筹备: the catalog, goods received, and a live session with its items."""

from __future__ import annotations

import msgspec

from tihuo.shop.catalog import gtin13
from tihuo.shop.events import GoodsReceived, ItemOffered, SessionClosed, SessionOpened, SkuKept
from tihuo.shop.fence import keep_out
from tihuo.shop.grants import lend
from tihuo.shop.stock import mint, offer, unmint
from tihuo.shop.weights import scale_code
from tihuo.shop.windows import rooms, share_out, tell_windows
from tihuo.shop.words import Refusal, Zone
from tihuo.shop.work import Work, rows_of

MOST_ITEMS = 1000
"""Items of a session at most."""
PORTION_ITEMS, PORTION_BYTES, ITEM_BYTES = 300, 55_000, 150
"""How much of a session one message to the cloud may tell, and what an item takes beside its code and name."""


class NewSku(msgspec.Struct, frozen=True, kw_only=True):
    """A thing to sell. `code` is the shop's own name for it; `barcode` may be missing; prices in fen.

    `shares_barcode`: its maker gave another SKU the same barcode, as for a pack of two, and the shop knows. Sold by
    weight (称重), one unit is `nominal_grams`, and `scale_code` is its number on the scale.
    """

    code: str
    product: str
    spec: str = ""
    unit: str = "件"
    barcode: str | None = None
    shares_barcode: bool = False
    zone: Zone = Zone.AMBIENT
    price_fen: int
    supplier: str = ""
    nominal_grams: int | None = None
    scale_code: str = ""


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

    Raises `Refusal`: `barcode_taken` when another SKU has that barcode and nobody said that they share it,
    `scale_code_taken`.
    """
    number = scale_code(new.scale_code) or None
    if number is not None:
        other = work.one("SELECT code FROM sku WHERE scale_code = ? AND code <> ?", (number, new.code))
        if other is not None:
            raise Refusal("scale_code_taken", number=number, sku=other[0])
    barcode = gtin13(new.barcode.strip()) or None if new.barcode else None
    if barcode is not None and not new.shares_barcode:
        taken = work.one(
            "SELECT code FROM sku WHERE barcode = ?1 AND code <> ?2 "
            "AND NOT EXISTS (SELECT 1 FROM sku WHERE code = ?2 AND barcode = ?1)",
            (barcode, new.code),
        )
        if taken is not None:
            raise Refusal("barcode_taken", barcode=barcode, sku=taken[0])
    product = work.one(
        "INSERT INTO product(name, supplier) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET "
        "supplier = coalesce(nullif(excluded.supplier, ''), supplier) RETURNING id",
        (new.product, new.supplier),
    )
    assert product is not None
    row = work.one(
        "INSERT INTO sku(code, product_id, spec, unit, barcode, zone, price_fen, on_hand, nominal_grams, scale_code) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT(code) DO UPDATE SET product_id = excluded.product_id, "
        "spec = excluded.spec, unit = excluded.unit, barcode = excluded.barcode, zone = excluded.zone, "
        "price_fen = excluded.price_fen, nominal_grams = excluded.nominal_grams, scale_code = excluded.scale_code "
        "RETURNING id",
        (
            new.code,
            product[0],
            new.spec,
            new.unit,
            barcode,
            new.zone.value,
            new.price_fen,
            new.nominal_grams,
            number,
        ),
    )
    assert row is not None
    work.record(SkuKept(sku=new.code, price_fen=new.price_fen))
    return int(row[0])


def meet_sku(work: Work, new: NewSku) -> int:
    """A SKU that another program names: put into the catalog if it is new, and left as the shop keeps it if not."""
    row = work.one("SELECT id FROM sku WHERE code = ?", (new.code,))
    return int(row[0]) if row else keep_sku(work, new)


def receive(work: Work, sku: str, quantity: int, session_id: str = "") -> None:
    """到货入库: units of a SKU came into the shop, and into a session at once if one is named.

    Raises `Refusal`: `unknown_sku`, `bad_quantity`, `session_not_open`, `not_on_hand` (a pre-sale has a cap instead).
    """
    keep_out(work)
    if quantity <= 0:
        raise Refusal("bad_quantity")
    row = work.one("SELECT id FROM sku WHERE code = ?", (sku,))
    if row is None:
        raise Refusal("unknown_sku", sku=sku)
    if session_id:
        item = work.one(
            "SELECT i.kind, l.state FROM session_item i JOIN live_session l ON l.id = i.session_id "
            "WHERE i.session_id = ? AND i.sku_id = ?",
            (session_id, row[0]),
        )
        if item is None or item[1] != "open":
            raise Refusal("session_not_open", session=session_id)
        if item[0] != "on_hand":
            raise Refusal("not_on_hand", sku=sku)
        mint(work, session_id, row[0], quantity)
        work.sql(
            "UPDATE item_terms SET cap_set_by = ? WHERE session_id = ? AND sku_id = ?",
            (work.actor, session_id, row[0]),
        )
        lend(work, session_id, row[0])
    else:
        work.sql("UPDATE sku SET on_hand = on_hand + ? WHERE id = ?", (quantity, row[0]))
    work.record(GoodsReceived(sku=sku, quantity=quantity, session_id=session_id))


def plan_session(work: Work, new: NewSession) -> None:
    """Write down a session (直播场次) as a draft; nothing can be sold yet.

    Raises `Refusal`: `session_exists`, `session_without_items`, `too_many_items`, `bad_times`, and what `add_item`
    raises.
    """
    keep_out(work)
    if work.one("SELECT 1 FROM live_session WHERE id = ?", (new.session_id,)):
        raise Refusal("session_exists", session=new.session_id)
    if not new.items:
        raise Refusal("session_without_items")
    if len(new.items) > MOST_ITEMS:
        raise Refusal("too_many_items", most=MOST_ITEMS)
    if new.ends_at <= new.starts_at or new.window[1] <= new.window[0]:
        raise Refusal("bad_times")
    work.sql(
        "INSERT INTO live_session(id, title, state, starts_at, ends_at, window_from, window_to, version) "
        "VALUES (?, ?, 'draft', ?, ?, ?, ?, ?)",
        (new.session_id, new.title, new.starts_at, new.ends_at, *new.window, work.version),
    )
    for item in new.items:
        add_item(work, new.session_id, item)


def add_item(work: Work, session_id: str, item: NewItem) -> None:
    """Offer one more SKU in a session. A pre-sale of 0 is an item whose orders all come by import.

    Where the session is open, the cloud is told and gets its first grant at once.
    Raises `Refusal`: `unknown_session`, `session_not_open` (it is over), `unknown_sku`, `bad_quantity`, `item_exists`,
    `too_many_items`, `not_enough_on_hand`.
    """
    keep_out(work)
    session = work.one(
        "SELECT state, (SELECT count(*) FROM session_item WHERE session_id = l.id) FROM live_session l WHERE id = ?",
        (session_id,),
    )
    if session is None:
        raise Refusal("unknown_session", session=session_id)
    state, items = session
    if state == "closed" and item.quantity:
        raise Refusal("session_not_open", session=session_id)
    if items >= MOST_ITEMS:
        raise Refusal("too_many_items", most=MOST_ITEMS)
    sku = work.one("SELECT id FROM sku WHERE code = ?", (item.sku,))
    if sku is None:
        raise Refusal("unknown_sku", sku=item.sku)
    if item.quantity < 0 or (item.quantity == 0 and item.kind == "on_hand"):
        raise Refusal("bad_quantity", sku=item.sku)
    cap_set_by = item.cap_set_by or work.actor
    if not offer(
        work, session_id, sku[0], item.kind, item.price_fen, item.limit_per_customer, item.arrives_on, cap_set_by
    ):
        raise Refusal("item_exists", sku=item.sku)
    if item.kind == "on_hand":
        taken = work.sql(
            "UPDATE sku SET on_hand = on_hand - ?1 WHERE id = ?2 AND on_hand >= ?1", (item.quantity, sku[0])
        ).rowcount
        if not taken:
            raise Refusal("not_enough_on_hand", sku=item.sku)
    mint(work, session_id, sku[0], item.quantity)
    work.record(ItemOffered(session_id=session_id, sku=item.sku, quantity=item.quantity, cap_set_by=cap_set_by))
    if state == "open":
        work.record(SessionOpened(session_id=session_id, skus=(item.sku,)))
        lend(work, session_id, sku[0])


def open_session(work: Work, session_id: str) -> None:
    """直播 begins: tell the cloud what is for sale and lend it the first grants.

    Raises `Refusal("session_not_draft")`.
    """
    keep_out(work)
    if not work.sql(
        "UPDATE live_session SET state = 'open', version = ? WHERE id = ? AND state = 'draft'",
        (work.version, session_id),
    ).rowcount:
        raise Refusal("session_not_draft", session=session_id)
    for skus in _portions(work, session_id):
        work.record(SessionOpened(session_id=session_id, skus=skus))
    if rooms(rows_of(work), session_id):
        tell_windows(work, session_id)
    for (sku_id,) in work.sql(
        "SELECT sku_id FROM session_item WHERE session_id = ? ORDER BY sku_id", (session_id,)
    ).fetchall():
        lend(work, session_id, sku_id)


def close_session(work: Work, session_id: str) -> None:
    """截单: nothing more is lent, and free rights end; goods on hand go back to the shop's stock.

    What the cloud still holds stays good until the cloud gives it back. Raises `Refusal("session_not_open")`.
    """
    keep_out(work)
    if not work.sql("UPDATE live_session SET state = 'closed' WHERE id = ? AND state = 'open'", (session_id,)).rowcount:
        raise Refusal("session_not_open", session=session_id)
    for skus in _portions(work, session_id):
        work.record(SessionClosed(session_id=session_id, skus=skus))
    share_out(work, session_id)
    for sku_id, free in work.sql(
        "SELECT sku_id, free FROM session_item WHERE session_id = ? AND free > 0", (session_id,)
    ).fetchall():
        unmint(work, session_id, sku_id, "free", free, "unsold")


def _portions(work: Work, session_id: str) -> list[tuple[str, ...]]:
    """The SKUs of a session in as many parts as messages to the cloud must be, each small enough for one.

    A session that fits into one message is one empty part, which means all of it.
    """
    portions: list[list[str]] = [[]]
    size = 0
    for code, name in work.sql(
        "SELECT s.code, d.name || s.spec FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "JOIN product d ON d.id = s.product_id WHERE i.session_id = ? ORDER BY s.id",
        (session_id,),
    ):
        told = len(msgspec.json.encode((code, name))) + ITEM_BYTES
        if portions[-1] and (size + told > PORTION_BYTES or len(portions[-1]) == PORTION_ITEMS):
            portions.append([])
            size = 0
        portions[-1].append(code)
        size += told
    return [tuple(portion) for portion in portions] if len(portions) > 1 else [()]
