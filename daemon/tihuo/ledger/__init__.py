"""SQLite, the one writer, the journal. No business words here."""
