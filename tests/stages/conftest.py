"""Beginnings that several stages share."""

from __future__ import annotations

import pytest

from tests.little_shop import LittleShop


@pytest.fixture
def full(shop: LittleShop) -> LittleShop:
    """Lin's two bags (1 ambient, 2 chilled) and Zhao's one (3, ambient) are on the shelf."""
    shop.sell("o1", "lin", RICE=2, EGGS=1, MILK=1)
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    return shop
