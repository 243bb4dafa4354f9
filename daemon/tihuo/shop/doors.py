"""门牌: where somebody lives, as far as her order says it: "3号601室" is room 601 of building 3.

Shops that bring goods to the door sort by building; most doors come from a group's own questions, see `intake`.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\d+")


def building_of(door: str) -> str:
    """楼: what stands before the room, "3号"; empty where no building is named.

    >>> building_of("3号601室"), building_of("29号别墅"), building_of("商务楼591室"), building_of("")
    ('3号', '29号', '商务楼', '')
    """
    before, sign, _ = door.partition("号")
    if sign:
        return before + sign
    return re.sub(r"[A-Za-z]?\d+[A-Za-z]?室?$", "", door)


def short_door(door: str) -> str:
    """As it is written on a label.

    >>> short_door("3号601室"), short_door("29号别墅"), short_door("商务楼591室")
    ('3-601', '29号别墅', '商务楼591室')
    """
    building, sign, room = door.partition("号")
    return f"{building}-{room[:-1]}" if sign and room.endswith("室") else door


def door_order(door: str) -> tuple[tuple[int, ...], str, tuple[int, ...]]:
    """What doors are sorted by: building 5 before building 37, room 801 before room 1001; words come last.

    >>> sorted(["37号1002室", "5号801室", "", "5号1001室", "商务楼591室", "29号别墅"], key=door_order)
    ['5号801室', '5号1001室', '29号别墅', '37号1002室', '商务楼591室', '']
    """
    building = building_of(door)
    numbered = tuple(int(number) for number in _NUMBER.findall(building))
    return numbered or (10**9,), building or "\uffff", tuple(int(number) for number in _NUMBER.findall(door))
