"""库存: the cloud sees each change of the stock, also after a time in which there was none."""

from __future__ import annotations

from pathlib import Path

from tests.cloud.pair import Pair
from tests.conftest import Make
from tihuo.cloud.messages import read_state
from tihuo.stages import selling


def told(pair: Pair, turns: int = 5) -> list[str]:
    """The SKUs of which the box tells news meanwhile."""
    skus: list[str] = []
    listen = pair.cloud.heard

    def heard(kind: str, payload: bytes) -> None:
        if kind == "state":
            skus.extend(item.sku for item in read_state(payload).items)
        listen(kind, payload)

    pair.cloud.heard = heard  # type: ignore[method-assign, assignment]
    pair.turn(turns)
    pair.cloud.heard = listen  # type: ignore[method-assign]
    return skus


def test_news_after_a_quiet_time_is_told_once(make_shop: Make, tmp_path: Path) -> None:
    pair = Pair(tmp_path, make_shop())
    pair.settle()
    pair.turn(5)
    assert told(pair) == []
    for _ in range(2):
        pair.shop.do(selling.sell_walk_in, "s1", "RICE", 1)
        assert told(pair) == ["RICE"]
        assert told(pair) == []
    pair.close()


def test_news_that_was_told_late_does_not_make_the_next_one_late(make_shop: Make, tmp_path: Path) -> None:
    """Or a box that was busy for a moment would be late for as long as orders come, five times a second."""
    pair = Pair(tmp_path, make_shop())
    pair.settle()
    pair.turn(5)
    pair.shop.do(selling.sell_walk_in, "s1", "RICE", 1)
    pair.now += 0.1  # busy
    assert told(pair, 1) == ["RICE"]
    pair.shop.do(selling.sell_walk_in, "s1", "RICE", 1)
    assert told(pair, 1) == ["RICE"]
    pair.close()
