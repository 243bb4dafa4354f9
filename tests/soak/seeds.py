"""Schedules that once went wrong. Each stays a test.

A seed plays another evening when rules come or go; a story says what happened step by step and means the same for ever.
"""

from __future__ import annotations

from tests.soak.schedules import Story

SEEDS: tuple[int, ...] = ()
STORIES: dict[str, Story] = {
    "a restored box did not put back a session that it had forgotten": [
        ("keep_copy", 5635968),
        ("open_session", 4917125),
        ("trickle", 8231503),
        ("restore", 13516782),
    ],
    "a ticket was moved behind the fence, and moved again by what the cloud told": [
        ("flow", 5732850),
        ("rush", 10268447),
        ("flow", 624719),
        ("complain", 9028748),
        ("flow", 3457576),
        ("keep_copy", 6560089),
        ("answer_ticket", 5644602),
        ("answer_ticket", 4896914),
        ("crash_box", 14662588),
        ("restore", 15627025),
        ("answer_ticket", 5896893),
    ],
    "an order came back before the shortage that it bore": [
        ("crash_box", 7762495),
        ("buy", 8279573),
        ("lose", 16568618),
        ("keep_copy", 13972879),
        ("buy", 3290437),
        ("flow", 1917882),
        ("drop", 4573427),
        ("restore", 3051390),
        ("wait", 9743675),
        ("flow", 5730689),
        ("crash_cloud", 7513908),
        ("crash_box", 16603242),
    ],
    "a hand-over was forgotten that was undone and given again in the same moment": [
        ("crash_box", 5228723),
        ("crash_box", 2862909),
        ("flow", 8839713),
        ("open_wave", 11592754),
        ("fill", 10409849),
        ("keep_copy", 10171452),
        ("hand_over", 270747),
        ("undo_hand_over", 16410934),
        ("hand_over", 12804813),
        ("flow", 25581),
        ("restore", 9801656),
    ],
    "an order was cancelled in two parts, and the cloud gave both refunds one name": [
        ("wait", 12401689),
        ("buy", 3541786),
        ("flow", 9825104),
        ("open_wave", 1987233),
        ("fill", 573276),
        ("hand_over_by_code", 10064855),
        ("cancel_in_the_shop", 14179740),
        ("undo_hand_over", 6577556),
        ("cancel_in_the_shop", 15127470),
    ],
    "a session was over of which the box knew nothing that it had offered": [
        ("keep_copy", 7906152),
        ("jump_cloud_clock", 1192709),
        ("open_session", 5561469),
        ("crash_box", 3965646),
        ("restore", 4471094),
        ("flow", 2283584),
        ("crash_box", 5421682),
        ("crash_box", 4120222),
        ("buy", 13960775),
        ("duplicate", 12022088),
        ("restore", 5773499),
    ],
}
"""What was wrong -> the shortest story in which it was."""
