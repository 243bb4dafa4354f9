"""店主 and 店员: who may work with the box."""

from __future__ import annotations

from tihuo.shop.events import SettingChanged
from tihuo.shop.words import Refusal, Role
from tihuo.shop.work import Work


def keep_user(work: Work, name: str, role: str, pin_hash: str) -> None:
    """Add a person, or renew her PIN. Raises `Refusal("bad_name")` or `Refusal("bad_role")`."""
    name = name.strip()
    if not name or len(name) > 40:
        raise Refusal("bad_name")
    if role not in set(Role):
        raise Refusal("bad_role", role=role)
    work.sql(
        "INSERT INTO shop_user(name, role, pin_hash, renewed) VALUES (?1, ?2, ?3, 0) ON CONFLICT(name) DO UPDATE SET "
        "role = ?2, pin_hash = ?3, renewed = renewed + 1",
        (name, role, pin_hash),
    )
    work.record(SettingChanged(what="user", subject=name))


def remove_user(work: Work, name: str) -> None:
    """Nobody can work under this name any more. Raises `Refusal`: `unknown_user`, `last_owner`."""
    row = work.one("SELECT role FROM shop_user WHERE name = ?", (name,))
    if row is None:
        raise Refusal("unknown_user", name=name)
    owners = work.one("SELECT count(*) FROM shop_user WHERE role = 'owner'")
    if row[0] == Role.OWNER and owners is not None and owners[0] == 1:
        raise Refusal("last_owner", name=name)
    work.sql("DELETE FROM shop_user WHERE name = ?", (name,))
    work.record(SettingChanged(what="user_removed", subject=name))
