"""自提码: the texts that stand for an order without a network, and the proof in them that this box wrote them.

A code says which order it is and proves that this box issued it; the text alone is enough to know both:

- the QR holds `TH1:<store>:<what>:<seal>`, the seal being 16 base-32 letters of an HMAC-SHA-256, 80 bits that nobody
  can guess. `what` is the order number in base 32, and after it nothing, `-<turn>` for a code that was renewed,
  `*<slot>` for one that changes every 30 seconds, or `+<number>` for a neighbour's (代取).
- the eight digits are a number put through a keyed permutation of 0..99,999,999 (a four-round Feistel network over two
  halves of four digits, after Black and Rogaway, "Ciphers with arbitrary finite domains", 2002), so that they are
  unique, look random, and need no index. Orders count up from 1; renewed and neighbours' codes count down from the top.
  Eight digits can be guessed, so whoever takes them rations the wrong ones (`shop.guesses`).

Lengths, bits and what they are good for: docs/codes.md.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from array import array
from functools import lru_cache
from typing import Any, NamedTuple

from tihuo.shop.words import Refusal

_PAYLOAD = re.compile(
    r"TH1:([A-Z0-9_-]{1,24}):(([0-9A-V]{1,7})(?:(?:-([0-9A-V]{1,3}))?(?:\*([0-9A-V]{1,8}))?|\+([0-9A-V]{1,5}))):"
    r"([A-Z2-7]{16})"
)
BEGINS = "TH1:"
"""How the text of every QR of a pickup begins: two of them are two people."""
_HALF = 10_000
_ALL = _HALF * _HALF
_FIRST_EXTRA = 90_000_000
_DIGITS32 = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_SEAL32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [one + two for one in _SEAL32 for two in _SEAL32]
_FIVE_WORDS = struct.Struct(">5H").unpack_from
STEP_MS = 30_000
"""How long a changing code is the present one."""


class Code(NamedTuple):
    """What a QR stands for. `slot` counts steps of 30 s since 1970, None for a code that stays; `delegation` is 0 but
    for a neighbour's code."""

    order_no: int
    turn: int = 0
    slot: int | None = None
    delegation: int = 0


class Digits(NamedTuple):
    """What eight digits stand for: exactly one of an order's first code, a renewed one, a neighbour's."""

    order_no: int = 0
    renewal: int = 0
    delegation: int = 0


def code_for(store_id: str, order_no: int, key: bytes, turn: int = 0) -> str:
    """The text of the QR of an order (QR alphanumeric characters only); with every `turn` an older one is worthless.

    >>> code_for("S01", 7, b"k")
    'TH1:S01:7:CP6C7T5YCSWVB7GL'
    """
    what = _base32(order_no)
    if turn:
        what += f"-{_base32(turn)}"
    return _sealed(store_id, what, key)


def delegate_code_for(store_id: str, order_no: int, delegation: int, key: bytes) -> str:
    """代取码: the text of the QR of a neighbour who collects for somebody."""
    return _sealed(store_id, f"{_base32(order_no)}+{_base32(delegation)}", key)


def rotating_secret(store_id: str, order_no: int, key: bytes, turn: int = 0) -> bytes:
    """What the customer's phone makes her changing codes with: 20 bytes that only she, the cloud and this box have."""
    return _hmac(key, f"rotating:{store_id.upper()}:", f"{order_no}-{turn}")[:20]


def rotating_code(store_id: str, order_no: int, key: bytes, at: int, turn: int = 0) -> str:
    """The changing code that is the present one at a time (`Millis`)."""
    what = _base32(order_no) + (f"-{_base32(turn)}" if turn else "") + f"*{_base32(at // STEP_MS)}"
    text = f"TH1:{store_id.upper()}:{what}"
    return f"{text}:{_letters(hmac.digest(rotating_secret(store_id, order_no, key, turn), text.encode(), 'sha256'))}"


def read_code(text: str, store_id: str, key: bytes) -> Code:
    """What a QR stands for.

    Raises `Refusal`: `unknown_code` (not ours, or forged), `other_shop` (one of ours, of another store).
    """
    match = _PAYLOAD.fullmatch(text.strip().upper())
    if match is None:
        raise Refusal("unknown_code")
    store, what, number, turn, slot, delegation, seal = match.groups()
    if store != store_id.upper():
        raise Refusal("other_shop", store=store)
    code = Code(int(number, 32), int(turn or "0", 32), int(slot, 32) if slot else None)
    if slot:
        secret = rotating_secret(store_id, code.order_no, key, code.turn)
        expected = _letters(hmac.digest(secret, f"TH1:{store}:{what}".encode(), "sha256"))
    else:
        expected = _seal(store_id, what, key)
    if not hmac.compare_digest(seal, expected):
        raise Refusal("unknown_code")
    return code._replace(delegation=int(delegation, 32)) if delegation else code


def is_whole(text: str) -> bool:
    """Whether a text has all the parts of a code of this chain of shops, whoever wrote it."""
    return _PAYLOAD.fullmatch(text.strip().upper()) is not None


def order_of_code(text: str, store_id: str, key: bytes) -> int:
    """The order number that a QR stands for, whoever holds it. Raises as `read_code`."""
    return read_code(text, store_id, key).order_no


def short_code_for(order_no: int, key: bytes) -> str:
    """The eight digits of an order."""
    value = _mixed(order_no % _ALL, key)
    return f"{value:08d}"


def extra_digits_for(key: bytes, *, renewal: int = 0, delegation: int = 0) -> str:
    """The eight digits of the n-th renewed code, or of the n-th neighbour's, of this box."""
    return short_code_for(_ALL - 1 - (2 * renewal if renewal else 2 * delegation + 1), key)


def order_of_short_code(digits: str, key: bytes) -> int:
    """The number that eight digits stand for; no such order may exist.

    Raises `Refusal("unknown_code")` if they are not eight digits.
    """
    digits = digits.replace(" ", "")
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        raise Refusal("unknown_code")
    return _unmixed(int(digits), key)


def read_digits(digits: str, key: bytes) -> Digits:
    """What eight digits stand for; nobody may ever have had them. Raises as `order_of_short_code`."""
    number = order_of_short_code(digits, key)
    if number < _FIRST_EXTRA:
        return Digits(order_no=number)
    extra, neighbours = divmod(_ALL - 1 - number, 2)
    return Digits(delegation=extra) if neighbours else Digits(renewal=extra)


def _mixed(value: int, key: bytes) -> int:
    """A keyed permutation of all eight-digit numbers: four rounds of Feistel's, without the swaps."""
    a, b, c, d = _round_functions(key)
    left, right = divmod(value, _HALF)
    left = (left + a[right]) % _HALF
    right = (right + b[left]) % _HALF
    left = (left + c[right]) % _HALF
    right = (right + d[left]) % _HALF
    return left * _HALF + right


def _unmixed(value: int, key: bytes) -> int:
    a, b, c, d = _round_functions(key)
    left, right = divmod(value, _HALF)
    right = (right - d[left]) % _HALF
    left = (left - c[right]) % _HALF
    right = (right - b[left]) % _HALF
    left = (left - a[right]) % _HALF
    return left * _HALF + right


@lru_cache(maxsize=8)
def _round_functions(key: bytes) -> list[array[int]]:
    """A keyed random function of a half for each round, drawn whole: 80 KB once instead of four hashes an order."""
    tables = []
    for number in range(4):
        drawn = hashlib.shake_256(_hmac(key, "short", str(number))).digest(8 * _HALF)
        tables.append(array("H", [value % _HALF for value in struct.unpack(f"<{_HALF}Q", drawn)]))
    return tables


def _sealed(store_id: str, what: str, key: bytes) -> str:
    """The whole text of a code that does not change."""
    begin, inner, outer = _begun(store_id, key)
    return f"{begin}{what}:{_letters(_finished(inner, outer, what))}"


def _seal(store_id: str, what: str, key: bytes) -> str:
    _, inner, outer = _begun(store_id, key)
    return _letters(_finished(inner, outer, what))


@lru_cache(maxsize=8)
def _begun(store_id: str, key: bytes) -> tuple[str, Any, Any]:
    """What all codes of a store have in common: their first characters, and their seal as far as it goes."""
    store = store_id.upper()
    return f"TH1:{store}:", *_keyed(key, f"pickup:{store}:")


def _letters(digest: bytes) -> str:
    """The first 80 bits, ten to a pair."""
    a, b, c, d, e = _FIVE_WORDS(digest)
    pairs = _PAIRS
    half = f"{pairs[a >> 6]}{pairs[(a & 63) << 4 | b >> 12]}{pairs[b >> 2 & 1023]}{pairs[(b & 3) << 8 | c >> 8]}"
    rest = f"{pairs[(c & 255) << 2 | d >> 14]}{pairs[d >> 4 & 1023]}{pairs[(d & 15) << 6 | e >> 10]}{pairs[e & 1023]}"
    return half + rest


def _hmac(key: bytes, about: str, message: str) -> bytes:
    """HMAC-SHA-256 of both."""
    return _finished(*_keyed(key, about), message)


def _finished(inner: Any, outer: Any, message: str) -> bytes:
    """The same as `hmac.digest` in half the time: every order takes one, of one key about one thing."""
    inner, outer = inner.copy(), outer.copy()
    inner.update(message.encode())
    outer.update(inner.digest())
    digest: bytes = outer.digest()
    return digest


@lru_cache(maxsize=8)
def _keyed(key: bytes, about: str) -> tuple[Any, Any]:
    """The two hashes of RFC 2104 with the key in them, and how the message begins."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + about.encode())
    return inner, hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def _base32(number: int) -> str:
    digits = _DIGITS32[number & 31]
    while number := number >> 5:
        digits = _DIGITS32[number & 31] + digits
    return digits
