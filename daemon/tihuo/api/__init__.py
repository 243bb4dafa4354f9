"""HTTP: parse, one stage or one board, answer. No rules and no SQL here."""
