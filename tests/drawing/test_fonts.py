"""Text that must fit: nothing is lost but what an ellipsis stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tihuo.drawing.fonts import clusters, fitted, glyph, has_shape, missing_in, shape_of, shortened, width, wrapped

texts = st.text("云南小土豆冰淇淋，。（）500gkml ±×/…é", max_size=60)


@given(texts, st.integers(60, 400))
def test_wrapping_loses_nothing_when_there_are_rows_enough(text, most):
    lines = wrapped(text, 24, most, 99)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line, 24) <= most for line in lines)


@given(texts, st.integers(60, 400), st.integers(1, 4))
def test_wrapping_into_too_few_rows_ends_in_an_ellipsis(text, most, rows):
    whole, lines = wrapped(text, 24, most, 99), wrapped(text, 24, most, rows)
    assert len(lines) <= rows
    assert all(width(line, 24) <= most for line in lines)
    assert lines == whole if len(whole) <= rows else lines[-1].endswith("…")


@given(texts, st.integers(60, 400))
def test_a_shortened_text_fits_and_begins_as_the_whole(text, most):
    short = shortened(text, 24, most)
    assert width(short, 24) <= most
    assert short == text or text.startswith(short.removesuffix("…").rstrip())


def test_a_measure_stays_on_one_line():
    assert wrapped("云南小土豆 500g", 24, width("云南小土豆 50", 24), 9) == ("云南小土豆", "500g")
    assert wrapped("米 A07、A08、", 24, width("米 A07、A08", 24), 9) == ("米 A07、", "A08、")
    assert wrapped("苹果，梨", 24, width("苹果", 24), 9) == ("苹", "果，", "梨")


def test_sizes_are_tried_from_the_left():
    assert fitted("A07", (100, 50, 20), width("A07", 50)) == 50
    assert fitted("A07", (100, 50, 20), 1) == 20


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("王*", ("王", "*")),
        ("👨‍👩‍👧家", ("👨‍👩‍👧", "家")),
        ("👍🏽好", ("👍🏽", "好")),
        ("e\u0301x", ("e\u0301", "x")),
        ("\u200d\ufe0f王", ("王",)),
    ],
)
def test_characters_are_counted_as_a_reader_sees_them(text, parts):
    assert clusters(text) == parts


def test_chinese_from_common_to_rare_has_a_shape_and_emoji_have_none():
    assert all(has_shape(character) for character in "的一是龘䶮㐂鱻①¥￥×–…Aé")
    assert not has_shape("🥬")
    assert missing_in("青菜🥬 1\ufe0f\u20e3 e\u0301") == ("🥬", "1\ufe0f\u20e3")
    assert shape_of("e\u0301") == "é"


def test_what_has_no_shape_is_drawn_as_a_box_and_not_left_out():
    box, letter = glyph("🥬", 24), glyph("菜", 24)
    assert box.dots is not None
    assert box.dots.getbbox() is not None
    assert box.advance == letter.advance == 24
