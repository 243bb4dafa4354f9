"""`tihuo user`."""

from __future__ import annotations

import sys
from typing import Any

from tihuo.boards.people import users
from tihuo.cli.saying import WRONG_CALL, fail, say
from tihuo.ledger.database import Readers, migrate
from tihuo.settings import Settings
from tihuo.shop.staff import keep_user, remove_user
from tihuo.shop.words import Role
from tihuo.wiring.alone import alone

SHORTEST, LONGEST = 4, 64


def list_users(settings: Settings) -> list[dict[str, Any]]:
    migrate(settings.database)
    readers = Readers(settings.database)
    try:
        return [{"name": row.name, "role": row.role} for row in readers.read(users)]
    finally:
        readers.close()


def change_user(settings: Settings, name: str, role: str, *, remove: bool, pin_stdin: bool) -> None:
    """Add, renew or remove. Works beside a running daemon: SQLite lets one of the two write at a time."""
    if remove:
        with alone(settings) as writer:
            writer.write(remove_user, name, actor="cli").result(timeout=30)
        say(f"{name} has no access any more.")
        return
    if role not in set(Role):
        fail(f"There is no role {role!r}: owner or staff.", code=WRONG_CALL)
    pin = sys.stdin.readline().strip() if pin_stdin else _ask()
    if not SHORTEST <= len(pin) <= LONGEST:
        fail(f"A PIN has {SHORTEST} to {LONGEST} characters; nothing was changed.", code=WRONG_CALL)
    from tihuo.api.auth import hash_pin

    with alone(settings) as writer:
        writer.write(keep_user, name, role, hash_pin(pin), actor="cli").result(timeout=30)
    say(f"{name} ({role}) can log in.")


def _ask() -> str:
    import getpass

    if not sys.stdin.isatty():
        fail("No terminal to ask for a PIN: use --pin-stdin.", code=WRONG_CALL)
    first, again = getpass.getpass("PIN: "), getpass.getpass("Again: ")
    if first != again:
        fail("The two are not the same; nothing was changed.", code=WRONG_CALL)
    return first
