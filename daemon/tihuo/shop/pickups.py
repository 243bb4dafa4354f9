"""自提码 and 到店: how a customer is recognised without a network, and her stay at the kiosk.

A pickup code says which order it is and proves that this box issued it. Nothing is looked up to check it:

- the QR holds `TH1:<store>:<order number in base 32>:<16 base-32 letters of an HMAC-SHA-256>`, 80 bits that
  nobody can guess;
- the eight digits are the order number put through a keyed permutation of 0..99,999,999 (a four-round Feistel network
  over two halves of four digits, after Black and Rogaway, "Ciphers with arbitrary finite domains", 2002), so that they
  are unique, look random, and need no index. Eight digits can be guessed, so whoever takes them must limit the rate.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from array import array
from functools import lru_cache
from typing import Any

from tihuo.shop.words import Refusal

_PAYLOAD = re.compile(r"TH1:([A-Z0-9_-]{1,24}):([0-9A-V]{1,7}):([A-Z2-7]{16})")
_HALF = 10_000
_DIGITS32 = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_SEAL32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [one + two for one in _SEAL32 for two in _SEAL32]


def code_for(store_id: str, order_no: int, key: bytes) -> str:
    """The text of the QR of an order (QR alphanumeric characters only).

    >>> code_for("S01", 7, b"k")
    'TH1:S01:7:CP6C7T5YCSWVB7GL'
    """
    number = _base32(order_no)
    return f"TH1:{store_id.upper()}:{number}:{_seal(store_id, number, key)}"


def order_of_code(text: str, store_id: str, key: bytes) -> int:
    """The order number a QR stands for.

    Raises `Refusal`: `unknown_code` (not ours, or forged), `other_shop` (one of ours, of another store).
    """
    match = _PAYLOAD.fullmatch(text.strip().upper())
    if match is None:
        raise Refusal("unknown_code")
    store, number, seal = match.groups()
    if store != store_id.upper():
        raise Refusal("other_shop", store=store)
    if not hmac.compare_digest(seal, _seal(store_id, number, key)):
        raise Refusal("unknown_code")
    return int(number, 32)


def short_code_for(order_no: int, key: bytes) -> str:
    """The eight digits of an order."""
    value = _permute(order_no % (_HALF * _HALF), key, (0, 1, 2, 3), forward=True)
    return f"{value:08d}"


def order_of_short_code(digits: str, key: bytes) -> int:
    """The order number that eight digits stand for; no such order may exist.

    Raises `Refusal("unknown_code")` if they are not eight digits.
    """
    digits = digits.replace(" ", "")
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        raise Refusal("unknown_code")
    return _permute(int(digits), key, (3, 2, 1, 0), forward=False)


def _permute(value: int, key: bytes, rounds: tuple[int, ...], *, forward: bool) -> int:
    left, right = divmod(value, _HALF)
    tables = _round_functions(key)
    for number in rounds:
        if forward:
            left, right = right, (left + tables[number][right]) % _HALF
        else:
            left, right = (right - tables[number][left]) % _HALF, left
    return left * _HALF + right


@lru_cache(maxsize=8)
def _round_functions(key: bytes) -> list[array[int]]:
    """A keyed random function of a half for each round, drawn whole: 80 KB once instead of four hashes an order."""
    tables = []
    for number in range(4):
        drawn = hashlib.shake_256(_hmac(key, "short", str(number))).digest(8 * _HALF)
        tables.append(array("H", [value % _HALF for value in struct.unpack(f"<{_HALF}Q", drawn)]))
    return tables


def _seal(store_id: str, number: str, key: bytes) -> str:
    bits = int.from_bytes(_hmac(key, f"pickup:{store_id.upper()}:", number)[:10], "big")
    return "".join([_PAIRS[bits >> shift & 1023] for shift in (70, 60, 50, 40, 30, 20, 10, 0)])


def _hmac(key: bytes, about: str, message: str) -> bytes:
    """HMAC-SHA-256 of both, as `hmac.digest` in half the time: every order takes one, of one key about one thing."""
    inner, outer = _keyed(key, about)
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
    digits = ""
    while True:
        number, digit = divmod(number, 32)
        digits = _DIGITS32[digit] + digits
        if not number:
            return digits
