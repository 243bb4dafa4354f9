"""`tihuo print-test`."""

from __future__ import annotations

from tihuo.cli.saying import OK, UNUSABLE, WRONG_CALL, fail, say
from tihuo.devices.troubles import PrinterTrouble
from tihuo.settings import Settings
from tihuo.wiring.devices import label_mm, printer_of


def print_test_page(settings: Settings, name: str) -> int:
    """Print the test page on one printer and say what the printer said."""
    if name not in settings.printers.named:
        fail(f"There is no printer {name!r}: {', '.join(settings.printers.named)}.", code=WRONG_CALL)
    choice = settings.printers[name]
    printer = printer_of(choice, settings)
    if printer is None:
        fail(f"No {name} printer is set: see [printers.{name}] in the settings.", code=UNUSABLE)
    from tihuo.drawing.label import LABEL_40X30, LABEL_60X40
    from tihuo.drawing.test_page import draw_label_test, draw_roll_test

    about = f"{name} {choice.kind} {choice.address}"
    if choice.language == "tspl":
        picture = draw_label_test(LABEL_40X30 if label_mm(choice, settings) == (40, 30) else LABEL_60X40, about)
    else:
        picture = draw_roll_test(choice.width_dots, about)
    try:
        printer.print(picture.image, choice.cut)
    except PrinterTrouble as trouble:
        word = "It may have printed" if trouble.doubtful else "Nothing was sent"
        fail(f"The {name} printer says {trouble.code}. {word}.", code=UNUSABLE)
    finally:
        printer.close()
    say(f"The {name} printer took the test page and answered.")
    return OK
