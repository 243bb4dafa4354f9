"""The page of an order: what happened, masked; unmasking is a fact itself; what is taken away can be checked alone."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from tests.api.desk import OWNER, STAFF, Desk
from tests.conftest import Make
from tihuo.boards.trail import about_orders
from tihuo.ledger.seals import Sealer
from tihuo.stages import handing_over


@pytest.fixture
def desk(make_shop: Make) -> Desk:
    shop = make_shop()
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    shop.do(handing_over.hand_over_by_code, shop.code("o1"), actor="小安", device="phone 3fa1")
    return Desk(shop)


def seal(desk: Desk) -> None:
    Sealer(desk.shop.writer, desk.shop.readers, about_orders).step()


def test_the_page_says_what_happened_and_not_who_she_is(desk: Desk) -> None:
    page = desk.client(OWNER).get("/owner/orders/1").text
    assert "收单" in page and "小安 · phone 3fa1" in page and "尚未封存" in page
    assert "林小树" not in page and "19900001001" not in page
    seal(desk)
    assert "尚未封存" not in desk.client(OWNER).get("/owner/orders/1").text


def test_an_unsure_clock_is_said(desk: Desk) -> None:
    desk.shop.clock.sure = False
    desk.shop.do(handing_over.hand_over_by_code, desk.shop.code("o2"))
    assert "clock unsure" in desk.client(OWNER, "en").get("/owner/orders/2").text
    assert "clock unsure" not in desk.client(OWNER, "en").get("/owner/orders/1").text


def test_the_owner_sees_the_number_and_the_journal_keeps_that(desk: Desk) -> None:
    answer = desk.client(OWNER).post("/owner/orders/1/who")
    assert "林小树" in answer.text and "19900001001" in answer.text
    assert desk.shop.sql("SELECT kind, actor FROM journal ORDER BY entry DESC LIMIT 1") == [("phone.shown", OWNER)]
    assert desk.client(STAFF).post("/owner/orders/1/who").status_code == 403


def test_an_order_that_is_not_there(desk: Desk) -> None:
    owner = desk.client(OWNER)
    for path in ("", "/trail.xlsx", "/trail.json"):
        assert owner.get(f"/owner/orders/99{path}").status_code == 404
    assert owner.post("/owner/orders/99/who").status_code in (404, 409)


def test_the_table_names_each_step(desk: Desk) -> None:
    answer = desk.client(OWNER, "en").get("/owner/orders/1/trail.xlsx")
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    text = book.read("xl/sharedStrings.xml").decode()
    assert "Order accepted" in text and "Handed over" in text and "phone 3fa1" in text
    assert "林小树" not in text


def test_the_steps_go_on_paper_once(desk: Desk) -> None:
    owner = desk.client(OWNER)
    for _ in range(2):
        assert owner.post("/owner/orders/1/paper", data={"once": "a wish of today"}).status_code == 200
    ((content,),) = desk.shop.sql("SELECT content FROM print_job WHERE subject = 'trail:1'")
    assert "收单" in content and "林小树" not in content


def checked(proof: dict[str, Any]) -> list[int]:
    """The entries that a proof shows to be what was sealed, by the rules of docs/journal.md and nothing else."""
    chain, bodies = bytes.fromhex(proof["before"]), {}
    for link in proof["links"]:
        chain = hashlib.sha256(chain + bytes.fromhex(link["body"])).digest()
        assert chain.hex() == link["hash"]
        bodies[link["entry"]] = link["body"]
    assert proof["head"] == f"{proof['links'][-1]['entry']}:{chain.hex()}"
    sealed = {}
    for piece in proof["pieces"]:
        numbers = " ".join(str(piece[name]) for name in ("first", "entry", "epoch", "at", "sure", "ticks"))
        digests = [bytes.fromhex(digest) for digest in piece["digests"]]
        body = hashlib.sha256(f"tihuo seal 1 {numbers}\n".encode() + b"".join(digests)).hexdigest()
        assert body == piece["body"] == bodies[piece["entry"]]
        sealed.update({piece["first"] + place: digest for place, digest in enumerate(digests)})
    return [
        entry["entry"]
        for entry in proof["entries"]
        if hashlib.sha256(base64.b64decode(entry["canonical"])).digest() == sealed.get(entry["entry"])
    ]


def test_a_proof_begins_where_its_order_does(desk: Desk) -> None:
    seal(desk)
    desk.shop.sell("o3", "ou", EGGS=1)
    seal(desk)
    proof = json.loads(desk.client(OWNER).get("/owner/orders/3/trail.json").content)
    assert len(proof["pieces"]) == 1 and proof["before"] != "00" * 32
    assert checked(proof) == [entry["entry"] for entry in proof["entries"]]


def test_a_proof_can_be_checked_without_the_box(desk: Desk) -> None:
    seal(desk)
    desk.shop.do(handing_over.hand_over_by_code, desk.shop.code("o2"))
    seal(desk)
    owner = desk.client(OWNER)
    proof = json.loads(owner.get("/owner/orders/1/trail.json").content)
    mine = [entry["entry"] for entry in proof["entries"]]
    assert checked(proof) == mine and len(mine) > 8
    assert b"o2" not in base64.b64decode("".join(entry["canonical"] for entry in proof["entries"]))
    edited = bytearray(base64.b64decode(proof["entries"][3]["canonical"]))
    edited[-1] ^= 1
    proof["entries"][3]["canonical"] = base64.b64encode(edited).decode()
    assert checked(proof) == [entry for entry in mine if entry != mine[3]]
