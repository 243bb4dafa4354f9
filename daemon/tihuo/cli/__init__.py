"""The `tihuo` command. Exit codes: 0 done, 1 found something wrong, 2 the call or the settings are wrong, 3 the part of
the box that is needed cannot be used."""

from tihuo.cli.entering import main

__all__ = ["main"]
