"""What people type into cells: money, numbers, phones, times, doors. Exact, or None when it cannot be trusted."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal

from tihuo.shop.words import Fen, Millis

CHINA = timezone(timedelta(hours=8))
_MOST_FEN = 100_000_000
_NOISE = Decimal("0.0001")
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")


def plain(text: str) -> str:
    """Full-width forms made ordinary (１ -> 1, （ -> (, － -> -), blanks of every kind made one space, ends trimmed."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\u200b", "").split())


def is_blank(text: str) -> bool:
    """Nothing, white space, or one of the dashes that exports put where there is nothing."""
    return plain(text) in ("", "-", "--", "/", "—", "——", "无")


def fen_of(text: str) -> Fen | None:
    """Money: "12.90", "¥1,234.5", "12.9元" -> integer fen. None for parts of a fen and for what is no number.

    A stored formula result may carry the noise of binary fractions (59.900000000000006); that much is forgiven.
    """
    number = plain(text).replace("¥", "").replace("￥", "").replace(",", "").removesuffix("元").strip()
    if not re.fullmatch(r"-?\d+(\.\d*)?([eE][-+]?\d+)?", number):
        return None
    try:
        fen = Decimal(number) * 100
        whole = fen.quantize(Decimal(1), ROUND_HALF_EVEN)
    except ArithmeticError:
        return None
    if abs(fen - whole) > _NOISE or abs(whole) > _MOST_FEN:
        return None
    return Fen(int(whole))


def quantity_of(text: str) -> int | None:
    """Pieces: "3", "3.0", "3 份" -> 3. None for nought, fractions, words and anything above 9,999."""
    match = re.fullmatch(r"(\d{1,6})(?:\.0+)?\s*[份件个箱盒袋瓶]?", plain(text))
    count = int(match[1]) if match else 0
    return count if 0 < count <= 9999 else None


def phone_of(text: str) -> str:
    """A number that can be dialled: a Chinese mobile, or else 7 to 12 digits. Empty for a masked or broken one.

    Virtual numbers ("18600001111-1234", "…转1234") keep the part that can be called first.
    """
    compact = re.sub(r"[\s().]", "", plain(text).strip("'"))
    compact = re.sub(r"^(\+?86-?|0086)(?=1[3-9]\d)", "", compact)
    if match := re.match(r"(1[3-9]\d)-?(\d{4})-?(\d{4})(?!\d)", compact):
        return "".join(match.groups())
    if re.fullmatch(r"(0\d{2,3}-?)?\d{7,8}", compact):
        return compact.replace("-", "")
    return ""


def millis_of(text: str) -> Millis | None:
    """A time on China's wall clock ("2025-06-01 12:30:00") -> milliseconds since the epoch. None if it is none."""
    for layout in _TIMES:
        try:
            return Millis(int(datetime.strptime(plain(text), layout).replace(tzinfo=CHINA).timestamp()) * 1000)
        except ValueError:
            continue
    return None


_BUILDING = re.compile(r"([A-Za-z]?\d+[A-Za-z]?)\s*(?:号楼|号|栋|幢|座|#|楼)")
_NUMBER = re.compile(r"[A-Za-z]?\d+[A-Za-z]?")
_ADDRESS = re.compile(
    r"([A-Za-z]?\d{1,4})\s*(?:号楼|号|栋|幢|座|#)\s*(?:\d{1,2}单元)?\s*[-#]?\s*(?:(\d{2,4}[A-Za-z]?)(?![\d号弄栋幢座#])|(别墅))"
    r"|(?<![\d-])(\d{1,3})-(\d{3,4})(?![\d-])"
)


def door_of(building: str, room: str, address: str = "") -> str:
    """门牌: what the customer typed into the group's own questions -> "3号601室", the same for one door however typed.

    Words stay words ("29号别墅", "商务楼591室"). Without answers the address is searched; empty when nothing is found.
    """
    building, room = _digits(building), _digits(room)
    if not building and not room:
        return _door_in(_digits(address))
    return _building(building) + _room(room)


def _digits(text: str) -> str:
    """Plain text in which the letter O between digits is the nought it was meant to be (5o3 -> 503)."""
    return re.sub(r"(?<=\d)[oO]+(?=[\doO]|\b|室|号)", lambda m: "0" * len(m[0]), plain(text)).strip(" .。,、;")


def _building(text: str) -> str:
    match = _BUILDING.search(text)
    if match:
        return f"{match[1].upper()}号"
    match = _NUMBER.search(text)
    return f"{match[0].upper()}号" if match else text


def _room(text: str) -> str:
    match = re.search(r"([A-Za-z]?\d+[A-Za-z]?)\s*室", text)
    if not match:
        numbers = list(_NUMBER.finditer(text))
        long = [found for found in numbers if len(re.sub(r"\D", "", found[0])) >= 3]
        match = long[0] if long else (numbers[-1] if numbers else None)
        return f"{match[0].upper()}室" if match else text
    return f"{match[1].upper()}室"


def _door_in(address: str) -> str:
    found = list(_ADDRESS.finditer(address))
    if not found:
        return ""
    building, room, villa, short_building, short_room = found[-1].groups()
    if short_building:
        return f"{short_building}号{short_room}室"
    return f"{building.upper()}号{villa or f'{room.upper()}室'}"
