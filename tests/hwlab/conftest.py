"""Collected by `make hwlab` only: everybody else would download a kernel."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("TIHUO_HWLAB_RUN") else ["test_*.py", "inside/*"]
