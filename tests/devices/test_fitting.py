"""What the settings name is what is opened: each kind of lamps and buttons, on mock pins where there are no others."""

from __future__ import annotations

from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from tihuo.devices.ports import Glow
from tihuo.devices.troubles import LightsMissingDriver, LightsUnreachable
from tihuo.settings import Lights, Settings
from tihuo.wiring.devices import fit
from tihuo.wiring.lamps import lights_of

SLOTS = ("A01", "A02", "A03")


@pytest.mark.parametrize("kind", ["gpio", "shift", "strip"])
def test_each_kind_of_lamps_opens_shows_and_closes(kind: Any) -> None:
    Device.pin_factory = MockFactory()  # gpiozero's bit by bit SPI looks there
    chosen = Lights(kind=kind, driver="mock", pins={"A01": 17} if kind == "gpio" else {}, button_pins={"A01": 5})
    lamps, open_buttons = lights_of(chosen, SLOTS)
    assert lamps is not None
    buttons = open_buttons()
    assert buttons is not None
    assert lamps.show({"A01": [Glow()]}).silent == frozenset()
    buttons.stop()
    lamps.close()


def test_expanders_want_a_bus() -> None:
    with pytest.raises((LightsMissingDriver, LightsUnreachable)):
        lights_of(Lights(kind="expander", bus=99), SLOTS)


def test_buttons_may_stand_alone() -> None:
    lamps, open_buttons = lights_of(Lights(driver="mock", button_pins={"A01": 5}), SLOTS)
    buttons = open_buttons()
    assert lamps is None and buttons is not None
    buttons.stop()


def test_lamps_shine_although_their_buttons_cannot_be_opened() -> None:
    broken = Lights(kind="gpio", driver="mock", pins={"A01": 17}, button_pins={"A02": 99})
    fitting = fit(Settings().model_copy(update={"lights": broken}), SLOTS)
    assert (fitting.buttons, fitting.troubles) == (None, {"buttons": "lamp_out_of_range"})
    assert fitting.lights is not None
    assert fitting.lights.show({"A01": [Glow()]}).silent == frozenset()
    fitting.close()
