"""A daemon with a planted fault: who waits for a job hears yes before its commit. Run by `test_kills` for `tihuo`."""

from __future__ import annotations

from typing import Any

from tihuo.cli import main
from tihuo.ledger.writer import Job, Writer

_in_time = Writer._run


def _too_early(self: Writer, job: Job, behind: Any) -> Any:
    answered = _in_time(self, job, behind)
    if job.future is not None and answered[2] is None:
        job.future.set_result(answered[1])
        job.future = None
    return answered


if __name__ == "__main__":
    Writer._run = _too_early  # type: ignore[method-assign,assignment]
    main()
