"""自提码 between shop and cloud: renewed, changing and neighbours' codes are told, work, and survive a restore."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.cloud.pair import Pair
from tests.conftest import Make
from tests.little_shop import HOUR, HOUSE
from tihuo.boards.kiosk import kiosk_picture
from tihuo.shop.words import Refusal
from tihuo.stages import delegating, handing_over

pytestmark = pytest.mark.slow


@pytest.fixture
def pair(make_shop: Make, tmp_path: Path) -> Iterator[Pair]:
    both = Pair(tmp_path, make_shop())
    both.settle()
    yield both
    both.close()


def show(pair: Pair, text: str) -> str:
    try:
        pair.shop.do(handing_over.check_in, "k1", text)
    except Refusal as refusal:
        return refusal.code
    return str(pair.shop.read(kiosk_picture, "k1").state)


def ready(pair: Pair, **wanted: int) -> str:
    """An order whose goods are on the shelf."""
    order_id = pair.bought("lin", **wanted)
    pair.shop.sort()
    pair.settle()
    return order_id


def test_the_phone_shows_the_new_code_and_the_old_one_opens_nothing(pair: Pair) -> None:
    order_id = ready(pair, RICE=2)
    old = pair.cloud.order(order_id)
    pair.shop.do(delegating.renew_code, 1, "手机丢了")
    pair.settle()
    new = pair.cloud.order(order_id)
    assert (show(pair, old.code), show(pair, old.short_code)) == ("revoked", "revoked")
    assert (show(pair, new.code), show(pair, new.short_code)) == ("welcome", "welcome")
    assert pair.cloud.figures().balanced


def test_a_phone_makes_the_changing_codes_from_what_the_contract_says(make_shop: Make, tmp_path: Path) -> None:
    pair = Pair(tmp_path, make_shop(house=msgspec.structs.replace(HOUSE, rotating_codes=True)))
    pair.settle()
    order_id = ready(pair, RICE=2)
    assert show(pair, pair.cloud.order(order_id).code) == "live_code_only"
    first = pair.cloud.shown_code(order_id)
    assert show(pair, first) == "welcome"
    pair.shop.clock.tick(180_000)
    assert show(pair, first) == "stale_code"
    assert show(pair, pair.cloud.shown_code(order_id)) == "welcome"
    pair.shop.do(delegating.renew_code, 1, "截图")
    before = pair.cloud.shown_code(order_id)
    pair.settle()
    assert (show(pair, before), show(pair, pair.cloud.shown_code(order_id))) == ("revoked", "welcome")
    pair.close()


def test_a_neighbour_gets_a_code_from_the_cloud_and_loses_it_again(pair: Pair) -> None:
    order_id = ready(pair, RICE=2, MILK=1)
    milk = next(line.line_id for line in pair.cloud.order(order_id).lines if line.sku == "MILK")
    name = pair.cloud.delegate(order_id, pair.shop.clock.now + HOUR, (milk,), "李阿姨")
    pair.settle()
    (code,) = pair.cloud.neighbours(order_id)
    assert (code.delegation_id, code.revoked) == (name, False)
    assert show(pair, code.short_code) == "welcome"
    assert [parcel.zone for parcel in pair.shop.read(kiosk_picture, "k1").parcels] == ["chilled"]
    pair.cloud.revoke_delegation(order_id, name)
    pair.settle()
    assert show(pair, code.code) == "revoked"
    assert pair.cloud.neighbours(order_id)[0].revoked
    assert pair.cloud.rejections() == []


def test_what_the_shop_cannot_do_for_a_neighbour_is_said(pair: Pair) -> None:
    order_id = ready(pair, RICE=2)
    pair.cloud.delegate(order_id, pair.shop.clock.now - 1)
    pair.cloud.delegate(order_id, pair.shop.clock.now + HOUR, ("no-such-line",))
    pair.settle()
    assert [reason for _, reason, _ in pair.cloud.rejections()] == ["bad_until", "unknown_line"]
    assert pair.cloud.neighbours(order_id) == []


def test_a_restored_box_still_knows_what_it_renewed_gave_and_took_back(pair: Pair) -> None:
    order_id = ready(pair, RICE=2, MILK=1)
    backup = pair.back_up()
    old = pair.cloud.order(order_id).code
    pair.shop.do(delegating.renew_code, 1, "手机丢了")
    kept = pair.cloud.delegate(order_id, pair.shop.clock.now + HOUR)
    gone = pair.cloud.delegate(order_id, pair.shop.clock.now + HOUR)
    pair.settle()
    pair.cloud.revoke_delegation(order_id, gone)
    pair.settle()
    codes = {code.delegation_id: code for code in pair.cloud.neighbours(order_id)}
    renewed = pair.cloud.order(order_id)
    pair.put_back(backup)
    pair.settle()
    assert show(pair, old) == "revoked"
    assert (show(pair, renewed.code), show(pair, renewed.short_code)) == ("welcome", "welcome")
    assert (show(pair, codes[kept].code), show(pair, codes[kept].short_code)) == ("welcome", "welcome")
    assert (show(pair, codes[gone].code), show(pair, codes[gone].short_code)) == ("revoked", "revoked")
    fresh = pair.shop.do(delegating.renew_code, 1, "again")
    assert fresh.short_code not in {renewed.short_code, *(code.short_code for code in codes.values())}
    assert pair.cloud.rejections() == []
    assert len(pair.cloud.neighbours(order_id)) == 2
