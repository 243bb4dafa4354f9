"""Code 128 as bars and spaces, for scanners that read lines only (ISO/IEC 15417, code set B)."""

from __future__ import annotations

# fmt: off
_WIDTHS = (
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
    "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
    "221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
    "212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
    "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
    "112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
    "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
    "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
)
# fmt: on
"""The widths of bars and spaces, in modules, of each of the 107 symbols."""
_START_B, _STOP = 104, 106
QUIET = 10
"""Modules of white that belong on either side."""


def widths(text: str) -> str:
    """Bars and spaces in turn, beginning with a bar, in modules. Printable ASCII only, else `ValueError`.

    >>> widths("A")
    '2112141113231311232331112'
    """
    if not text or not all(" " <= letter <= "~" for letter in text):
        raise ValueError(text)
    values = [ord(letter) - 32 for letter in text]
    check = (_START_B + sum(place * value for place, value in enumerate(values, 1))) % 103
    return "".join(_WIDTHS[value] for value in (_START_B, *values, check, _STOP))


def bars(text: str) -> tuple[int, list[tuple[int, int]]]:
    """How many modules wide the code is with its quiet zones, and each bar in it as (left, width)."""
    left, found = QUIET, []
    for place, width in enumerate(map(int, widths(text))):
        if place % 2 == 0:
            found.append((left, width))
        left += width
    return left + QUIET, found
