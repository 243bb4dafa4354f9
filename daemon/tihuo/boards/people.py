"""店主 and 店员: who may work with the box. PIN hashes leave this module only for the login itself."""

from __future__ import annotations

import msgspec

from tihuo.shop.work import Look


class UserRow(msgspec.Struct, frozen=True):
    name: str
    role: str
    renewed: int


def users(look: Look) -> list[UserRow]:
    return [UserRow(*row) for row in look.rows("SELECT name, role, renewed FROM shop_user ORDER BY role, name")]


def user(look: Look, name: str) -> UserRow | None:
    row = look.one("SELECT name, role, renewed FROM shop_user WHERE name = ?", (name,))
    return UserRow(*row) if row else None


def pin_hash(look: Look, name: str) -> str | None:
    row = look.one("SELECT pin_hash FROM shop_user WHERE name = ?", (name,))
    return row[0] if row else None
