"""One example of everything that the contract lets either side say."""

from __future__ import annotations

from datetime import date

import msgspec

from tihuo.cloud import down, stream, up
from tihuo.cloud.fields import LineQuantity, Refund, Window, from_millis
from tihuo.cloud.messages import Envelope, wrap

AT = 1_767_225_600_123
NOW = from_millis(AT)
LINES = (LineQuantity("l1", 2),)
BACK = Refund("refund-1", 990)

PLACED = down.OrderPlaced(
    order_id="D1",
    session_id="LIVE-1",
    channel="mini_program",
    placed_at=NOW,
    paid_at=NOW,
    customer=down.Customer("wx-1", "王小明", "13800001234"),
    lines=tuple(down.OrderLine(f"l{n}", f"SKU-{n}", n, 990, "G1") for n in range(1, 5)),
    paid_fen=9900,
    payment=down.Payment("demo", "pay-1"),
    window=Window(NOW, from_millis(AT + 7_200_000)),
    note="放门口",
)

DOWN: tuple[msgspec.Struct, ...] = (
    PLACED,
    down.OrderCancelled("D1", "customer", NOW),
    down.GrantReturned("G1", 3),
    down.GrantClosed("G1", 17, 40),
    down.AftersalesRequested(
        "R1", "D1", "return", LINES, "坏了", (down.Photo("a.jpg", "image/jpeg", "https://example.org/a", "0" * 64),)
    ),
    down.AftersalesPhoto("R1", "a.jpg", 1, 2, "aGVsbG8="),
    down.RefundSettled("refund-1", "succeeded", NOW),
    down.ReminderSent("D1", "no_consent"),
    down.PickupDelegated("D1", "N1", NOW, ("l1",), "李阿姨"),
    down.PickupDelegationRevoked("D1", "N1"),
    down.ReminderCredits(2, order_id="D1"),
    down.OrderWindowChosen("D1", Window(NOW, from_millis(AT + 1_800_000)), NOW),
)

UP: tuple[msgspec.Struct, ...] = (
    up.SessionOpened(
        "LIVE-1", "周三鲜果", NOW, NOW, (up.SessionItem("SKU-1", "苹果", 990, "presale", 3, date(2026, 1, 2)),)
    ),
    up.SessionClosed("LIVE-1", "周三鲜果", NOW, None, ()),
    up.GrantIssued("G1", "LIVE-1", "SKU-1", 60, 990, None, NOW, "mini_program"),
    up.GrantRevokeRequested("G1", 5),
    up.OrderAccepted("D1", up.Pickup("TH1:S01:ABC:DEF", "12345678"), Window(NOW, NOW)),
    up.OrderAccepted("D2", up.Pickup("TH1:S01:ABD:DEF", "12345679", up.Rotating("0a" * 20, 30))),
    up.PickupRenewed("D1", up.Pickup("TH1:S01:ABC-1:DEF", "87654321")),
    up.PickupDelegateCode("D1", "N1", "TH1:S01:ABC+1:DEF", "87654322", NOW, ("l1",)),
    up.PickupDelegationRevoked("D1", "N1"),
    up.OrderRefused("D1", "sold_out", LINES, BACK),
    up.OrderShort("D1", (up.ShortLine("l1", 1, "damaged"),), BACK),
    up.OrderAdjusted(
        "D1",
        (
            up.AdjustedLine("l1", 2, "weight", 1000, 960, 960),
            up.AdjustedLine("l2", 1, "substituted", sku="SKU-3", unit_price_fen=900),
        ),
        BACK,
    ),
    up.OrderReady("D1", (up.Parcel("P1", "chilled", "C03"), up.Parcel("P2", "frozen"))),
    up.OrderHandedOver("D1", LINES, NOW, "kiosk", True),
    up.OrderHandedOver("D1", LINES, NOW, "kiosk", False, "delegate"),
    up.OrderHandoverUndone("D1", LINES, "wrong parcel", NOW),
    up.OrderUncollected("D1", LINES, "", NOW, 3, NOW),
    up.OrderCancelled("D1", LINES, "customer", NOW, BACK),
    up.ReminderDue("D1", None, NOW, ("D2",), NOW),
    up.WindowsChanged("LIVE-1", (up.PickupWindow(NOW, from_millis(AT + 1_800_000), 12),)),
    up.OrderWindowChanged("D1", Window(NOW, NOW), NOW),
    up.TicketOpened("T1", "R1", "D1", "open"),
    up.TicketOpened("T2", "box-T2", "D1", "open", kind="exchange", reason="少了一袋", lines=LINES),
    up.TicketUpdated("T1", "R1", "D1", "done", "refunded", BACK),
    up.AnnouncementPrepared("LIVE-1", "wecom", "今晚八点开播", "https://example.org/live", "0" * 64),
)

STREAM: tuple[msgspec.Struct, ...] = (
    stream.Hello(3, 17, stream.Received(0, 0)),
    stream.Ack(3, 17),
    stream.Resend(5),
    stream.Rejected("c-1", "malformed_data", "Expected `int`"),
    stream.Recover(2, 17, 5),
    stream.Echo(
        to=3,
        after=stream.Received(2, 17),
        left=0,
        heard=stream.Received(2, 18),
        head=stream.Received(1, 40),
        events=(stream.Said("s-18", "grant.revoke_requested", 2, 18, msgspec.Raw(b'{"grant_id":"G1","quantity":5}')),),
        stock=(up.StateItem("SKU-1", "LIVE-1", 5, 3, 2, 8, 9),),
    ),
)


def enveloped(data: msgspec.Struct = PLACED, seq: int = 1, **more: object) -> Envelope:
    return wrap(data, **{"id": f"c-{seq}", "source": "cloud", "epoch": 1, "seq": seq, "at": AT, **more})  # type: ignore[arg-type]
