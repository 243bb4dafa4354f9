"""缺货: who goes without, by each policy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tihuo.shop.shortages import POLICIES, share_out

WANTS = st.lists(st.integers(1, 9), min_size=1, max_size=12)


@pytest.mark.parametrize("policy", [*POLICIES, "by_hand"])
@given(data=st.data(), wants=WANTS)
def test_exactly_what_is_missing_is_shared_out_and_nobody_loses_more_than_she_wants(
    policy: str, data: st.DataObject, wants: list[int]
) -> None:
    missing = data.draw(st.integers(0, sum(wants)))
    taken = share_out(policy, missing, wants)
    assert sum(taken) == missing
    assert all(0 <= some <= want for some, want in zip(taken, wants, strict=True))


@given(data=st.data(), wants=WANTS)
def test_whoever_paid_first_keeps_hers(data: st.DataObject, wants: list[int]) -> None:
    taken = share_out("first_paid", data.draw(st.integers(0, sum(wants))), wants)
    hit = [n for n, some in enumerate(taken) if some]
    assert all(taken[n] == wants[n] for n in range(len(wants)) if hit and n > hit[0])


@given(data=st.data(), wants=WANTS)
def test_in_proportion_nobody_loses_a_unit_more_than_her_part(data: st.DataObject, wants: list[int]) -> None:
    missing = data.draw(st.integers(0, sum(wants)))
    taken = share_out("pro_rata", missing, wants)
    assert all(abs(some - missing * want / sum(wants)) < 1 for some, want in zip(taken, wants, strict=True))


@given(data=st.data(), wants=WANTS)
def test_as_many_as_possible_keep_one(data: st.DataObject, wants: list[int]) -> None:
    missing = data.draw(st.integers(0, sum(wants)))
    kept = [want - some for want, some in zip(wants, share_out("one_each", missing, wants), strict=True)]
    assert sum(1 for units in kept if units) == min(len(wants), sum(wants) - missing)


def test_nobody_wants_anything() -> None:
    for policy in POLICIES:
        assert share_out(policy, 0, []) == []


def test_the_example_that_the_manual_gives() -> None:
    assert {policy: share_out(policy, 4, [4, 4, 3]) for policy in POLICIES} == {
        "first_paid": [0, 1, 3],
        "pro_rata": [1, 1, 2],
        "one_each": [1, 2, 1],
    }
