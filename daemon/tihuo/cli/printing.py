"""`tihuo print-test`."""

from __future__ import annotations

from tihuo.cli.saying import OK, UNUSABLE, WRONG_CALL, fail, say
from tihuo.devices.troubles import PrinterTrouble
from tihuo.settings import Settings
from tihuo.wiring.devices import printer_of


def print_test_page(settings: Settings, role: str) -> int:
    """Print the test page on the printer of a role and say what the printer said."""
    if role not in ("label", "receipt"):
        fail(f"There is no printer {role!r}: label or receipt.", code=WRONG_CALL)
    choice = getattr(settings.printers, role)
    printer = printer_of(choice)
    if printer is None:
        fail(f"No {role} printer is set: see [printers.{role}] in the settings.", code=UNUSABLE)
    from tihuo.drawing.test_page import draw_roll_test

    try:
        printer.print(draw_roll_test(choice.width_dots, f"{role} {choice.kind} {choice.address}").image, choice.cut)
    except PrinterTrouble as trouble:
        word = "It may have printed" if trouble.doubtful else "Nothing was sent"
        fail(f"The {role} printer says {trouble.code}. {word}.", code=UNUSABLE)
    finally:
        printer.close()
    say(f"The {role} printer took the test page and answered.")
    return OK
