"""Building every object, choosing real or simulated devices, ordered start, reverse stop. No business words here."""
