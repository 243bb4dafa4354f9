"""到货 over HTTP: the purchase list, a delivery counted on phones, closed at the desk, and a batch found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from python_calamine import load_workbook

from tests.api.desk import OTHER, OWNER, STAFF, Desk, code_of, desk, saved, words
from tests.little_shop import GOODS
from tihuo.shop.events import DeliveryClosed
from tihuo.stages import aftercare, preparing, receiving, selling, sorting

__all__ = ["desk"]
TAP = {"HX-Request": "true"}
DAIRY = "牧场直送"


@pytest.fixture(autouse=True)
def sold(desk: Desk) -> None:
    """The dairy's milk: lin has 4, zhao 4, ou 3; the sale is over."""
    shop = desk.shop
    for sku in GOODS:
        shop.do(preparing.keep_sku, msgspec.structs.replace(sku, supplier=DAIRY if sku.code == "MILK" else "青禾农场"))
    for order_id, customer, units in (("o1", "lin", 4), ("o2", "zhao", 4), ("o3", "ou", 3)):
        shop.sell(order_id, customer, MILK=units)
        shop.clock.tick(1000)
    shop.do(preparing.close_session, "s1")
    for grant, units in shop.sql("SELECT id, sold FROM stock_grant"):
        shop.do(selling.close_grant, grant, units)


def tap(client: Any, path: str, name: str = "tap-0001", **data: Any) -> Any:
    return client.post(path, data={"once": name, **data}, headers=TAP)


def opened(desk: Desk) -> int:
    return int(desk.shop.do(receiving.open_delivery, "s1", DAIRY))


def test_the_owner_tells_a_supplier_what_to_bring_and_sees_what_changes(desk: Desk, tmp_path: Path) -> None:
    owner = desk.client(OWNER, "en")
    page = owner.get("/owner/purchase").text
    assert "【春风小铺】" in page and "鲜牛奶 950 ml  11瓶" in page and "not told yet" in page
    tap(owner, "/owner/purchase/wish", session_id="s1", sku="MILK", units="3", note="要整箱")
    stale = tap(owner, "/owner/purchase/sent", session_id="s1", supplier=DAIRY, **{"buy-MILK": "11"})
    assert (stale.status_code, code_of(stale.text)) == (409, "list_changed")
    for _ in range(2):
        sent = tap(owner, "/owner/purchase/sent", "tap-0002", session_id="s1", supplier=DAIRY, **{"buy-MILK": "14"})
        assert f"by {OWNER}" in words(sent.text)
    assert desk.shop.sql("SELECT sent_by FROM purchase_list") == [(OWNER,)]
    desk.shop.do(aftercare.cancel, 1, "改主意了")
    page = owner.get("/owner/purchase").text
    assert "14 → 10 瓶" in words(page) and "改为10瓶（原14）" in page
    table = owner.get("/owner/purchase/table.xlsx", params={"session": "s1"})
    rows = load_workbook(saved(tmp_path, table.content)).get_sheet_by_index(0).to_python()
    assert rows[1] == [DAIRY, "MILK", "鲜牛奶", "950 ml", "瓶", 7, 0, 3, 0, 10, "要整箱"]


def test_the_list_is_paper_too(desk: Desk) -> None:
    tap(desk.client(OWNER), "/owner/purchase/print", session_id="s1", supplier=DAIRY)
    content = desk.shop.value("SELECT content FROM print_job WHERE kind = 'list'")
    assert msgspec.json.decode(content)["rows"] == [{"big": "11 瓶", "text": "鲜牛奶 950 ml", "note": "", "count": ""}]


def test_two_people_count_one_delivery(desk: Desk) -> None:
    first, second = desk.client(STAFF, "en"), desk.client(OTHER, "en")
    assert "to come" in words(first.get("/staff/receiving").text)
    data = {"session_id": "s1", "supplier": DAIRY}
    places = {
        client.post("/staff/receiving/open", data=data | {"once": f"tap-000{n}"}).headers["location"]
        for n, client in enumerate((first, second))
    }
    (place,) = places
    tap(first, f"{place}/count", sku="MILK", quantity=6, batch="B7", use_by="2027-03-01")
    answer = tap(second, f"{place}/count", "tap-0002", sku="MILK", quantity=2, how="damaged")
    assert "2 damaged" in words(answer.text)
    for _ in range(2):
        tap(first, f"{place}/count", "tap-0003", sku="MILK", quantity=5)
    page = words(second.get(f"{place}/board", params={"text": "MILK"}).text)
    assert "11 / 11" in page and "2 damaged" in page and STAFF in page and OTHER in page
    count = desk.shop.value("SELECT max(id) FROM delivery_count")
    for _ in range(2):
        assert tap(second, f"{place}/undo", "tap-0004", count_id=count).status_code == 200
    assert "6 / 11" in words(first.get(f"{place}/board").text)


def test_a_thing_that_was_not_asked_for_is_red(desk: Desk) -> None:
    staff, place = desk.client(STAFF, "en"), f"/staff/receiving/{opened(desk)}"
    assert "This was not asked for" in words(staff.get(f"{place}/board", params={"text": "6901234567892"}).text)
    late = tap(staff, f"{place}/count", sku="RICE", quantity=1)
    assert (late.status_code, code_of(late.text)) == (409, "not_expected")
    assert "Nothing in the catalog fits" in words(staff.get(f"{place}/board", params={"text": "4006381333931"}).text)
    tap(staff, f"{place}/count", "tap-0002", text="4006381333931", how="wrong", quantity=1)
    assert "4006381333931" in staff.get(f"{place}/board").text


@pytest.mark.parametrize("day", ["2027-01-14", "2027-01-15", "2027-01-16"])
def test_a_date_that_has_come_is_said_aloud(desk: Desk, day: str) -> None:
    staff, place = desk.client(STAFF, "en"), f"/staff/receiving/{opened(desk)}"
    answer = tap(staff, f"{place}/count", sku="MILK", quantity=1, use_by=day)
    assert ("has come or passed" in words(answer.text)) is (day <= "2027-01-15")
    assert ('play="stop"' in answer.text) is (day <= "2027-01-15")


def test_a_date_that_is_none_is_refused(desk: Desk) -> None:
    answer = tap(
        desk.client(STAFF), f"/staff/receiving/{opened(desk)}/count", sku="MILK", quantity=1, use_by="2027-13-01"
    )
    assert (answer.status_code, code_of(answer.text)) == (409, "bad_date")


def seen_in(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"')[0]


def test_the_owner_sees_who_goes_without_by_each_policy_and_closes(desk: Desk) -> None:
    delivery = opened(desk)
    desk.shop.do(receiving.count, delivery, "MILK", 8)
    owner, place, milk = desk.client(OWNER, "en"), f"/owner/deliveries/{delivery}", desk.shop.sku("MILK")
    page = owner.get(place).text
    said = words(page)
    assert "林*" in said and "1001" in said and "林小树" not in page
    assert "Goes back at once ¥37.50 ¥37.50 ¥37.50" in said
    chosen = {f"policy-{milk}": "by_hand", f"hand-{milk}-1/1": "1"}
    again = owner.get(f"{place}/preview", params=chosen).text
    assert "1 of 3 are shared out" in words(again)
    refused = tap(owner, f"{place}/close", seen=seen_in(again), **chosen)
    assert (refused.status_code, code_of(refused.text)) == (409, "by_hand_does_not_fit")
    chosen[f"hand-{milk}-3/1"] = "2"
    desk.shop.do(receiving.count, delivery, "MILK", 1)
    stale = tap(owner, f"{place}/close", "tap-0002", seen=seen_in(again), **chosen)
    assert "Something has changed since you looked" in words(stale.text)
    assert "3 of 2 are shared out" in words(stale.text)
    assert not desk.shop.events(DeliveryClosed)
    chosen[f"hand-{milk}-3/1"] = "1"
    for _ in range(2):
        done = tap(owner, f"{place}/close", "tap-0003", seen=seen_in(stale.text), **chosen)
        assert done.headers["hx-redirect"] == place
    assert [desk.shop.line(order, "MILK").get("short", 0) for order in ("o1", "o2", "o3")] == [1, 0, 1]
    assert "2 missing" in words(owner.get(place).text)
    assert owner.get(f"{place}/preview", headers=TAP).headers["hx-redirect"] == place
    assert desk.client(STAFF).get(place).status_code == 403


def test_a_batch_is_found_again(desk: Desk, tmp_path: Path) -> None:
    shop, delivery = desk.shop, opened(desk)
    shop.do(receiving.count, delivery, "MILK", 8, "good", "B7", "2027-03-01")
    wave = shop.do(sorting.open_wave, "s1")
    parcels = shop.open_units(wave)
    shop.do(sorting.put, parcels[0][0], parcels[0][1], 4)
    shop.do(receiving.count, delivery, "MILK", 3, "good", "B8", "2027-03-02")
    shop.do(sorting.put, parcels[1][0], parcels[1][1], 4)
    owner = desk.client(OWNER, "en")
    assert "B7" in owner.get("/owner/recall", params={"q": "b7"}).text
    asked = {"sku": shop.sku("MILK"), "batch": "B7", "use_by": "2027-03-01"}
    said = words(owner.get("/owner/recall", params=asked).text)
    assert "林* 1001 o1 4 – C01" in said and "林小树" not in said
    table = owner.get("/owner/recall/table.xlsx", params=asked)
    rows = load_workbook(saved(tmp_path, table.content)).get_sheet_by_index(0).to_python()
    assert [(row[2], row[4], row[7]) for row in rows[1:]] == [("o1", 4, "sure"), ("o2", 4, "possible")]
    other = words(owner.get("/owner/recall", params=asked | {"batch": "B8", "use_by": "2027-03-02"}).text)
    assert "o1" not in other.split("How sure")[1].split("Batches that came")[0]
