"""Tests that run in the lab, by this machine's own pytest: real kernel pins, buses and devices, and no mock."""
