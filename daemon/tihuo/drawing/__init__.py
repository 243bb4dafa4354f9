"""What paper looks like: data in, black-and-white pictures out. No printer, no database, no language of its own."""
