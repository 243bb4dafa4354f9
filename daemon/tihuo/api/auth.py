"""Who stands at the door: PINs, signed cookies, and which pages belong to whom.

Every path belongs to one audience in `AUDIENCES`; a path that is not listed belongs to nobody.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from fastapi import Request
from itsdangerous import BadData, URLSafeSerializer
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from tihuo.api.door import Door
from tihuo.boards.people import UserRow, user
from tihuo.shop.words import Role

SESSION, PAIRING = "tihuo_session", "tihuo_kiosk"
"""The names of the two cookies."""
SESSION_SECONDS = 14 * 86_400
PAIRING_SECONDS = 5 * 365 * 86_400
_CLOCKS_DIFFER_MS = 3_600_000

_hash = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))
"""The smaller of OWASP's settings: 19 MiB a try, because the box is small and tries are throttled."""
_hashing = threading.Semaphore(2)
_nobody = ""


class Audience(StrEnum):
    """Whom a page is for. `SIMULATOR` is the demo's own, on this machine only."""

    PUBLIC = "public"
    KIOSK = "kiosk"
    STAFF = "staff"
    OWNER = "owner"
    SIMULATOR = "simulator"


AUDIENCES = {
    "/": Audience.KIOSK,
    "/kiosk": Audience.KIOSK,
    "/live": Audience.KIOSK,
    "/staff": Audience.STAFF,
    "/owner": Audience.OWNER,
    "/simulator": Audience.SIMULATOR,
    "/now": Audience.PUBLIC,
    "/login": Audience.PUBLIC,
    "/logout": Audience.PUBLIC,
    "/pair": Audience.PUBLIC,
    "/healthz": Audience.PUBLIC,
    "/static": Audience.PUBLIC,
    "/vendor": Audience.PUBLIC,
}
"""First part of a path -> whose it is."""


@dataclass(frozen=True)
class Visitor:
    """Whoever asks for a page. `local`: from the box itself. `kiosk`: the kiosk this browser was paired as. `device`:
    the name that the box gave this browser when somebody logged in."""

    person: UserRow | None = None
    kiosk: str | None = None
    local: bool = False
    address: str = ""
    device: str = ""


def audience_of(path: str) -> Audience | None:
    """Whose page a path is; None for nobody's."""
    return AUDIENCES.get("/" + path.split("/", 2)[1]) if path.startswith("/") else None


def may_enter(audience: Audience, visitor: Visitor, *, simulator: bool) -> bool:
    """Whether the visitor belongs to the audience. Staff may stand at a kiosk; an owner may do what staff may."""
    match audience:
        case Audience.PUBLIC:
            return True
        case Audience.KIOSK:
            return visitor.local or visitor.kiosk is not None or visitor.person is not None
        case Audience.STAFF:
            return visitor.person is not None
        case Audience.OWNER:
            return visitor.person is not None and visitor.person.role == Role.OWNER
        case Audience.SIMULATOR:
            return visitor.local and simulator


def may_be_kiosk(visitor: Visitor, kiosk: str) -> bool:
    """A paired tablet is that one kiosk; the box itself and staff may look at any."""
    return visitor.local or visitor.person is not None or visitor.kiosk == kiosk


class People:
    """店主 and 店员 as they were read a moment ago: until something is committed here, and a second at most, as
    `tihuo user` writes beside us. A crowd at the counter is let in with one look for each commit."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self._known: dict[str, UserRow | None] = {}
        self._read_at = (0, 0)

    def find(self, name: str) -> UserRow | None:
        """Raises `DatabaseTrouble`."""
        now = (self.door.writer.commits, time.monotonic_ns() // 1_000_000_000)
        if now != self._read_at:
            self._known, self._read_at = {}, now
        if name not in self._known:
            self._known[name] = self.door.readers.read(user, name)
        return self._known[name]


def visitor_of(people: People, address: str, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Visitor:
    """Read the cookies, and see that who signed them may still work here. Raises `DatabaseTrouble`."""
    door = people.door
    session = _read_cookie(door, SESSION, cookies.get(SESSION), SESSION_SECONDS)
    pairing = _read_cookie(door, PAIRING, cookies.get(PAIRING), PAIRING_SECONDS)
    person = _still_there(people, session)
    kiosk = pairing.get("kiosk", "") if _still_there(people, pairing) else ""
    kiosk = kiosk if kiosk in door.kiosks else ""
    return Visitor(person, kiosk or None, _is_local(address, headers), address, session.get("device", ""))


def session_cookie(door: Door, person: UserRow, device: str = "") -> str:
    """Proves a login until the PIN changes, and says which browser it is."""
    return _signed(door, SESSION, {"name": person.name, "renewed": str(person.renewed), "device": device})


def pairing_cookie(door: Door, person: UserRow, kiosk: str) -> str:
    """Makes a browser elsewhere a kiosk, until the PIN of whoever paired it changes."""
    return _signed(door, PAIRING, {"name": person.name, "renewed": str(person.renewed), "kiosk": kiosk})


def hash_pin(pin: str) -> str:
    """What is kept of a PIN or password."""
    return _hash.hash(pin)


def fits(pin: str, known: str | None) -> bool:
    """Whether a PIN is the one that was hashed; takes as long when nobody has that name."""
    global _nobody
    with _hashing:
        _nobody = _nobody or _hash.hash("nobody has this PIN")
        right = _hash.verify(pin[:200], known or _nobody)
    return right and known is not None


class Patience:
    """After some wrong tries, a growing wait: for the name and for the address, whichever is longer. It is measured on
    a count of milliseconds that never jumps."""

    FREE, LONGEST_MS, FORGOTTEN_MS, MOST = 3, 300_000, 900_000, 4096

    def __init__(self) -> None:
        self._tries: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def ask(self, now: int, *keys: str) -> int:
        """Milliseconds still to wait, 0 to go ahead: then it already counts as a wrong try, until `forgive`."""
        with self._lock:
            wait = max(self._until(key) - now for key in keys)
            if wait > 0:
                return wait
            for key in keys:
                tries, last = self._tries.pop(key, (0, 0))
                self._tries[key] = (tries + 1 if now - last < self.FORGOTTEN_MS else 1, now)
            while len(self._tries) > self.MOST:
                del self._tries[next(iter(self._tries))]
            return 0

    def forgive(self, *keys: str) -> None:
        with self._lock:
            for key in keys:
                self._tries.pop(key, None)

    def _until(self, key: str) -> int:
        tries, last = self._tries.get(key, (0, 0))
        return last + min(self.LONGEST_MS, 1000 << min(tries - self.FREE, 16)) if tries >= self.FREE else 0


def safe_next(path: str, otherwise: str) -> str:
    """Where to go after a login: only to a page of this box."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else otherwise


def secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _signed(door: Door, kind: str, said: dict[str, str]) -> str:
    """A cookie that carries when it was signed, if anybody vouches for that time."""
    signed_at = {"at": str(door.clock())} if door.sure else {}
    return str(URLSafeSerializer(door.session_key, salt=kind).dumps({**said, **signed_at}))


def _read_cookie(door: Door, kind: str, value: str | None, seconds: int) -> Mapping[str, str]:
    said = _signed_by(door.session_key, kind, value) if value else {}
    if "at" in said and door.sure:  # a wrong clock must not lock everybody out in the middle of a sale
        age = door.clock() - int(said["at"])
        if not -_CLOCKS_DIFFER_MS <= age <= seconds * 1000:
            return {}
    return said


@lru_cache(256)
def _signed_by(key: bytes, kind: str, value: str) -> Mapping[str, str]:
    """What a cookie says, empty if it is not ours. A browser sends the same one with every request."""
    try:
        said: dict[str, str] = URLSafeSerializer(key, salt=kind).loads(value)
    except BadData:
        return {}
    return said


def _still_there(people: People, said: Mapping[str, str]) -> UserRow | None:
    if not said:
        return None
    person = people.find(said["name"])
    return person if person is not None and str(person.renewed) == said["renewed"] else None


def _is_local(address: str, headers: Mapping[str, str]) -> bool:
    """From the box itself: not through a proxy, and not by a foreign name that was bent to point here."""
    if "forwarded" in headers or "x-forwarded-for" in headers:
        return False
    host = headers.get("host", "").rsplit(":", 1)[0].strip("[]")
    try:
        return _is_loopback(address) and (host == "localhost" or _is_loopback(host))
    except ValueError:
        return False


@lru_cache(256)
def _is_loopback(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None  # a dual-stack socket, on Python 3.11
    return (mapped or ip).is_loopback
