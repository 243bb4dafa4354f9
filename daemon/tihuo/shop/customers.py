"""顾客: the people who order. They never log in here; a code or a phone stands for them."""

from __future__ import annotations

from tihuo.shop.work import Work


def keep_all(work: Work, people: list[tuple[str, str, str, str]]) -> None:
    """Remember customers, or what changed of them: (id, name, phone, door). An empty value never wipes a known one."""
    work.many(
        "INSERT INTO customer(id, name, phone, door, first_seen) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT(id) DO UPDATE SET name = coalesce(nullif(excluded.name, ''), name), "
        "phone = coalesce(nullif(excluded.phone, ''), phone), door = coalesce(nullif(excluded.door, ''), door) "
        "WHERE excluded.name NOT IN ('', name) OR excluded.phone NOT IN ('', phone) OR excluded.door NOT IN ('', door)",
        [(*person, work.now) for person in people],
    )
