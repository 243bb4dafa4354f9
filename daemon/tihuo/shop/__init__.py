"""Nouns: what exists in a shop. No I/O, threads, clocks, MQTT, HTTP or devices here."""
