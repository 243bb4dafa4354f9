"""Every fact that the journal (流水) can hold, in the past tense.

An event is stored as JSON with its `kind`. Those with `TO_CLOUD` also get a number in the stream to the cloud and are
sent until the cloud has acknowledged them; `cloud.relay` turns each into a message of the contract.
Fields may be added with a default; never renamed or given another meaning.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """A fact."""

    TO_CLOUD: ClassVar[bool] = False
    TOPICS: ClassVar[tuple[str, ...]] = ()
    """Which boards may look different now."""
    recovered: bool = False
    """A box that was restored from a backup learned this from the cloud, which heard it from the box before."""

    @property
    def goes_to_cloud(self) -> bool:
        """Whether this very fact takes a number in the stream to the cloud."""
        return self.TO_CLOUD and not self.recovered


class LineQuantity(msgspec.Struct, frozen=True, omit_defaults=True):
    line_id: str
    quantity: int
    reason: str = ""


class Refund(msgspec.Struct, frozen=True):
    """Money to give back. `refund_id` follows from what it refunds, so a retry carries the same one."""

    refund_id: str
    amount_fen: int


class AdjustedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was billed otherwise than it was paid: `quantity` units, by `reason` (`weight` or `substituted`).

    By weight: what was ordered, picked and billed, in grams. Substituted: by units of `sku`, at `unit_price_fen` each.
    """

    line_id: str
    quantity: int
    reason: str
    ordered_grams: int | None = None
    picked_grams: int | None = None
    billed_grams: int | None = None
    sku: str | None = None
    unit_price_fen: int | None = None


class ParcelPlace(msgspec.Struct, frozen=True):
    parcel_id: str
    zone: str
    slot: str


class SkuKept(Event, frozen=True, kw_only=True, tag="sku.kept"):
    """A SKU is in the catalog as it is written there now."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    sku: str
    price_fen: int


class ItemOffered(Event, frozen=True, kw_only=True, tag="item.offered"):
    """A SKU became part of a session, with so many rights: from stock, or on the word of `cap_set_by`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    quantity: int
    cap_set_by: str


class CapSet(Event, frozen=True, kw_only=True, tag="cap.set"):
    """上限: from now on so many units of an item may be sold; before, it was `before`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    cap: int
    before: int


class ReserveSet(Event, frozen=True, kw_only=True, tag="reserve.set"):
    """到店留货: so many units of an item are for walk-ins in all, sold ones among them."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    reserve: int


class OrderFact(Event, frozen=True, kw_only=True):
    """A fact about one order. The cloud hears of orders that it sold, not of those read from another program."""

    order_id: str
    imported: bool = False

    @property
    def goes_to_cloud(self) -> bool:
        return self.TO_CLOUD and not self.imported and not self.recovered


class SessionOpened(Event, frozen=True, kw_only=True, tag="session.opened"):
    """A session began, or has more for sale. `skus` are the codes of the items that this very message tells; a long
    session says it several times. Empty means all of them."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    skus: tuple[str, ...] = ()


class SessionClosed(Event, frozen=True, kw_only=True, tag="session.closed"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("stock", "sorting")
    session_id: str
    skus: tuple[str, ...] = ()
    """As in `SessionOpened`."""


class GrantIssued(Event, frozen=True, kw_only=True, tag="grant.issued"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    grant_id: str
    session_id: str
    sku: str
    quantity: int
    price_fen: int
    limit_per_customer: int | None = None
    sell_until: int
    channel: str = ""


class GrantRevokeRequested(Event, frozen=True, kw_only=True, tag="grant.revoke_requested"):
    """The shop lacks units and asks for rights back. The holder gives what it has not sold."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    grant_id: str
    session_id: str
    quantity: int


class GrantClosed(Event, frozen=True, kw_only=True, tag="grant.closed"):
    """The holder sells nothing more from a grant; it says that it sold `said` units, and `sold` arrived here."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    grant_id: str
    sold: int
    said: int | None = None


class RightsReturned(Event, frozen=True, kw_only=True, tag="rights.returned"):
    """The cloud gave rights of a grant back."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    grant_id: str
    quantity: int


class GoodsReceived(Event, frozen=True, kw_only=True, tag="goods.received"):
    """Units came into the shop; with a session, they are for sale in it at once."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    sku: str
    quantity: int
    session_id: str = ""


class PurchaseListSent(Event, frozen=True, kw_only=True, tag="purchase.sent"):
    """采购单: a supplier was told what to bring, `units` of `skus` things in all."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    list_id: int
    session_id: str
    supplier: str
    skus: int
    units: int


class PurchaseWished(Event, frozen=True, kw_only=True, tag="purchase.wished"):
    """The owner wants so many units of an item beyond what was sold."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    session_id: str
    sku: str
    units: int


class DeliveryOpened(Event, frozen=True, kw_only=True, tag="delivery.opened"):
    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int
    session_id: str
    supplier: str


class DeliveryDropped(Event, frozen=True, kw_only=True, tag="delivery.dropped"):
    """It was opened by mistake: nothing had been counted."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int


class UnitsCounted(Event, frozen=True, kw_only=True, tag="units.counted"):
    """Units of a delivery were counted in, `how` they were; `sku` is empty for what the catalog does not know."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int
    count_id: int
    sku: str
    quantity: int
    how: str


class CountUndone(Event, frozen=True, kw_only=True, tag="count.undone"):
    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int
    count_id: int


class DeliveryCounted(Event, frozen=True, kw_only=True, tag="delivery.counted"):
    """Somebody said that all of a delivery is counted: the owner closes it."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int


class ArrivedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one SKU of a delivery, in units; as in `tihuo.shop.deliveries.DeliveryLine`."""

    sku: str
    expected: int
    good: int
    damaged: int = 0
    wrong: int = 0
    arrived: int = 0
    from_stock: int = 0
    to_stock: int = 0
    minted: int = 0
    missing: int = 0
    later: int = 0


class DeliveryClosed(Event, frozen=True, kw_only=True, tag="delivery.closed"):
    """到货入库: what came of a delivery is stock, or stands behind what was sold; what did not is written off."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries", "stock", "sorting", "orders")
    delivery_id: int
    session_id: str
    supplier: str
    lines: tuple[ArrivedLine, ...]


class UnitsLost(Event, frozen=True, kw_only=True, tag="units.lost"):
    """Units broke or never came: `covered` made good, `owed` until the cloud answers, `short` for customers."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock", "orders", "sorting")
    session_id: str
    sku: str
    quantity: int
    covered: int
    owed: int
    short: int
    reason: str


class UnitsFound(Event, frozen=True, kw_only=True, tag="units.found"):
    """A loss was a mistake: so many units stand behind their rights again, or the shop's own stock has them."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    quantity: int


class StockCorrected(Event, frozen=True, kw_only=True, tag="stock.corrected"):
    """库存校准: there are `quantity` more units than the book said, or fewer; `on_hand` of them the shop's own.

    `undoes` is the correction that this one takes back.
    """

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    correction_id: int
    sku: str
    quantity: int
    on_hand: int
    reason: str
    note: str = ""
    session_id: str = ""
    count_id: int | None = None
    undoes: int | None = None


class PhotosForgotten(Event, frozen=True, kw_only=True, tag="photos.forgotten"):
    """Photographs of these corrections were deleted: they were `old`, or there were too many (`full`)."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    corrections: tuple[int, ...]
    why: str


class StockCountMoved(Event, frozen=True, kw_only=True, tag="count.moved"):
    """盘点: a count of a place was `opened`, `applied` with so many units `more` and `less`, or `dropped`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock", "counts")
    count_id: int
    state: str
    place: str = ""
    name: str = ""
    more: int = 0
    less: int = 0


class CountLineSaid(Event, frozen=True, kw_only=True, tag="count.line"):
    """So many units of a SKU were counted so far; with `expected`, that is all of them, and so many should be there."""

    TOPICS: ClassVar[tuple[str, ...]] = ("counts",)
    count_id: int
    sku: str
    counted: int
    expected: int | None = None


class QuarantineDecided(Event, frozen=True, kw_only=True, tag="quarantine.decided"):
    """Somebody looked at goods of cancelled orders: `resell` or `void`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    quantity: int
    outcome: str


class WalkInSold(Event, frozen=True, kw_only=True, tag="walk_in.sold"):
    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    quantity: int


class OrderAccepted(Event, frozen=True, kw_only=True, tag="order.accepted"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock")
    order_id: str
    order_no: int
    window: tuple[int, int]


class OrderRefused(Event, frozen=True, kw_only=True, tag="order.refused"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders",)
    order_id: str
    reason: str
    lines: tuple[LineQuantity, ...]
    refund: Refund | None


class OrderCancelled(OrderFact, frozen=True, kw_only=True, tag="order.cancelled"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting", "pickup", "kiosk")
    lines: tuple[LineQuantity, ...]
    reason: str
    at: int
    refund: Refund | None = None
    """What goes back, where the prices of the lines alone do not tell it: something of them went back before."""


class OrderImported(Event, frozen=True, kw_only=True, tag="order.imported"):
    """An order that another program took, read from its export."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock")
    order_id: str
    order_no: int


class OrderShort(OrderFact, frozen=True, kw_only=True, tag="order.short"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting")
    lines: tuple[LineQuantity, ...]
    refund: Refund


class OrderAdjusted(OrderFact, frozen=True, kw_only=True, tag="order.adjusted"):
    """多退少不补: lines that weigh less than was paid for, or that another SKU stands in for. They still come."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting")
    lines: tuple[AdjustedLine, ...]
    refund: Refund | None


class ShortPicked(Event, frozen=True, kw_only=True, tag="short.picked"):
    """缺货: units of an order are missing, and by its customer's `rule` somebody must decide: `similar` or `ask`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting")
    pick_id: int
    order_id: str
    sku: str
    quantity: int
    rule: str


class ShortDecided(Event, frozen=True, kw_only=True, tag="short.decided"):
    """What became of missing units: `refunded`, or `substituted` by units of `sku`; or what the customer said to it:
    `yes` (something similar), `no` (her money), `nobody` (she did not answer). The actor of the entry decided."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting")
    pick_id: int
    order_id: str
    quantity: int
    outcome: str
    sku: str = ""


class PhoneShown(Event, frozen=True, kw_only=True, tag="phone.shown"):
    """Somebody looked at a customer's whole phone number, to call her about missing goods. Never the number itself."""

    TOPICS: ClassVar[tuple[str, ...]] = ()
    order_id: str


class Weighed(Event, frozen=True, kw_only=True, tag="units.weighed"):
    """What lies in a parcel of a SKU was weighed: `grams` together, `before` what was known. 0 is not weighed."""

    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    parcel_id: int
    sku: str
    grams: int
    before: int


class TicketOpened(Event, frozen=True, kw_only=True, tag="ticket.opened"):
    """售后: a request of a customer became a ticket."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("tickets",)
    ticket_id: str
    request_id: str
    order_id: str


class TicketUpdated(Event, frozen=True, kw_only=True, tag="ticket.updated"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("tickets",)
    ticket_id: str
    request_id: str
    order_id: str
    state: str
    outcome: str = ""


class PhotoKept(Event, frozen=True, kw_only=True, tag="photo.kept"):
    """All parts of a photograph of a ticket are here; `size` in bytes."""

    TOPICS: ClassVar[tuple[str, ...]] = ("tickets",)
    ticket_id: str
    name: str
    sha256: str
    size: int


class ReminderSent(Event, frozen=True, kw_only=True, tag="reminder.sent"):
    """The cloud says whether a customer was reminded: `sent`, `no_consent` or `failed`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders",)
    order_id: str
    state: str


class RefundSettled(Event, frozen=True, kw_only=True, tag="refund.settled"):
    """The cloud says what became of a refund: `succeeded` or `failed`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders",)
    refund_id: str
    state: str


class OrderReady(OrderFact, frozen=True, kw_only=True, tag="order.ready"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "pickup")
    parcels: tuple[ParcelPlace, ...]
    window: tuple[int, int]


class OrderHandedOver(OrderFact, frozen=True, kw_only=True, tag="order.handed_over"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "pickup", "kiosk")
    lines: tuple[LineQuantity, ...]
    handed_over_at: int
    method: str
    complete: bool


class OrderHandoverUndone(OrderFact, frozen=True, kw_only=True, tag="order.handover_undone"):
    """Units came back over the counter at once: they were handed over by mistake."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "pickup", "kiosk")
    lines: tuple[LineQuantity, ...]
    reason: str
    at: int


class WaveOpened(Event, frozen=True, kw_only=True, tag="wave.opened"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    wave_id: int
    session_id: str
    parcels: int
    units: int


class WaveDone(Event, frozen=True, kw_only=True, tag="wave.done"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    wave_id: int


class ItemScanned(Event, frozen=True, kw_only=True, tag="item.scanned"):
    """Staff hold an item: its slots light up. `sku` is empty when nobody in the wave wants it."""

    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    station: str
    sku: str
    text: str = ""
    refusal: str = ""


class StationMoved(Event, frozen=True, kw_only=True, tag="station.moved"):
    """Somebody works on one wave, or carries a cluster of its parcels; without a wave, on all that is open."""

    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    station: str
    wave_id: int | None = None
    cluster: int | None = None


class UnitsPut(Event, frozen=True, kw_only=True, tag="units.put"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    parcel_id: int
    sku: str
    quantity: int
    grams: int = 0


class PutUndone(Event, frozen=True, kw_only=True, tag="put.undone"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    parcel_id: int
    sku: str
    quantity: int


class UnitsDamaged(Event, frozen=True, kw_only=True, tag="units.damaged"):
    """`replaced` of them were made good from free stock; the rest became a shortage."""

    TOPICS: ClassVar[tuple[str, ...]] = ("sorting", "stock")
    sku: str
    quantity: int
    replaced: int


class ParcelReady(Event, frozen=True, kw_only=True, tag="parcel.ready"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting", "pickup", "paper")
    parcel_id: int
    slot: str


class CheckedIn(Event, frozen=True, kw_only=True, tag="visit.checked_in"):
    """A customer stands at a kiosk. `refusal` says why the page cannot help her, if it cannot."""

    TOPICS: ClassVar[tuple[str, ...]] = ("kiosk", "pickup")
    visit_id: int
    kiosk: str
    order_no: int | None = None
    refusal: str = ""


class VisitEnded(Event, frozen=True, kw_only=True, tag="visit.ended"):
    TOPICS: ClassVar[tuple[str, ...]] = ("kiosk", "pickup")
    visit_id: int
    kiosk: str
    how: str


class StaffCalled(Event, frozen=True, kw_only=True, tag="staff.called"):
    TOPICS: ClassVar[tuple[str, ...]] = ("kiosk", "pickup")
    kiosk: str
    visit_id: int | None = None


class PaperQueued(Event, frozen=True, kw_only=True, tag="paper.queued"):
    TOPICS: ClassVar[tuple[str, ...]] = ("paper",)
    job_id: int
    copy: int = 1


class PaperMoved(Event, frozen=True, kw_only=True, tag="paper.moved"):
    """A print job went on to `state`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("paper",)
    job_id: int
    state: str
    trouble: str = ""


class BatchMoved(Event, frozen=True, kw_only=True, tag="batch.moved"):
    """A batch of paper was paused, goes on, or was called off."""

    TOPICS: ClassVar[tuple[str, ...]] = ("paper",)
    batch_id: int
    state: str


class DrawerAsked(Event, frozen=True, kw_only=True, tag="drawer.asked"):
    """钱箱: the actor of this entry wants the cash drawer open; its job tells whether the printer did it."""

    TOPICS: ClassVar[tuple[str, ...]] = ("paper",)
    job_id: int
    role: str
    reason: str


class MessageParked(Event, frozen=True, kw_only=True, tag="message.parked"):
    """A message from the cloud that could not be understood: kept, answered, shown."""

    TOPICS: ClassVar[tuple[str, ...]] = ("cloud",)
    parked_id: int
    message_id: str
    reason: str


class MessageSettled(Event, frozen=True, kw_only=True, tag="message.settled"):
    """A parked message is done with: `replayed` or `dismissed`, by the actor of this entry."""

    TOPICS: ClassVar[tuple[str, ...]] = ("cloud",)
    parked_id: int
    message_id: str
    how: str


class SaidAgain(Event, frozen=True, kw_only=True, tag="said.again"):
    """A restored box does not know whether the cloud ever heard what is in this older entry: it says it once more,
    under the name that it had then; or `afresh`, if the cloud heard something else under that name."""

    TO_CLOUD: ClassVar[bool] = True
    entry: int
    afresh: bool = False


class FenceRaised(Event, frozen=True, kw_only=True, tag="fence.raised"):
    """The box remembers less than the cloud may: it waits until it knows again what happened after `backup_at`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "kiosk", "stock", "sorting", "pickup")
    why: str
    backup_at: int


class FencePassed(Event, frozen=True, kw_only=True, tag="fence.passed"):
    """The owner goes on without what the cloud may know."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "kiosk", "stock", "sorting", "pickup")
    trouble: str = ""


class Restored(Event, frozen=True, kw_only=True, tag="restored"):
    """The fence is down: `facts` that the cloud told were merged, and `recount` things wait for a person."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "kiosk", "stock", "orders", "sorting", "pickup", "cloud")
    facts: int
    recount: int


class LampDead(Event, frozen=True, kw_only=True, tag="lamp.dead"):
    """A slot's lamp does not shine: somebody saw it `dark`, or its line was `silent`. One goes by the number there."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "lamps")
    slot: str
    why: str


class LampWell(Event, frozen=True, kw_only=True, tag="lamp.well"):
    """A lamp that was dead was tested, and somebody saw it shine."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "lamps")
    slot: str


class SettingChanged(Event, frozen=True, kw_only=True, tag="setting.changed"):
    """Who changed what: a user added, a PIN renewed. Never the secret itself."""

    TOPICS: ClassVar[tuple[str, ...]] = ("settings",)
    what: str
    subject: str


def all_kinds() -> dict[str, type[Event]]:
    """kind -> class, for whoever reads the journal back."""
    kinds = [*Event.__subclasses__(), *OrderFact.__subclasses__()]
    return {str(kind.__struct_config__.tag): kind for kind in kinds if kind is not OrderFact}
