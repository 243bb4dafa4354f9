"""What every test may ask for: a little shop of its own (see `tests.little_shop`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# a helper whose assertion fails shall say what it saw, as a test does
pytest.register_assert_rewrite(*(f"tests.{one.stem}" for one in Path(__file__).parent.iterdir()))

from tests.little_shop import LittleShop, copy_of  # noqa: E402

Make = Callable[..., LittleShop]

# no test says how fast a machine must be
settings.register_profile("any machine", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with nothing in it. Copy it, never open it."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    LittleShop(path, running=False).close()
    return path


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a little shop whose session has just begun. Copy it, never open it."""
    path = tmp_path_factory.mktemp("template") / "seeded.db"
    shop = LittleShop(path, running=False)
    shop.seed()
    shop.close()
    return path


@pytest.fixture
def make_shop(empty_file: Path, seeded_file: Path, tmp_path: Path) -> Iterator[Make]:
    """Makes shops: `make_shop(seeded=False)`, `make_shop(running=False)`, `make_shop(house=...)`; closes them all."""
    made: list[LittleShop] = []

    def make(*, seeded: bool = True, **options: Any) -> LittleShop:
        path = copy_of(seeded_file if seeded else empty_file, tmp_path / f"shop{len(made)}.db")
        made.append(LittleShop(path, **options))
        return made[-1]

    yield make
    for shop in made:
        shop.close()


@pytest.fixture
def shop(make_shop: Make) -> LittleShop:
    """A little shop whose session `s1` has just begun."""
    return make_shop()
