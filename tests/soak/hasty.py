"""A daemon with a planted fault: who waits for a job hears yes before its commit. Run by `test_kills` for `tihuo`."""

from __future__ import annotations

from typing import Any

from tihuo.cli import main
from tihuo.ledger.writer import Job, Writer

_in_time = Writer._run


def _too_early(self: Writer, jobs: list[Job], behind: Any) -> Any:
    answered = _in_time(self, jobs, behind)
    for job, answer, failure in answered:
        if job.future is not None and failure is None:
            job.future.set_result(answer)
            job.future = None
    return answered


if __name__ == "__main__":
    Writer._run = _too_early  # type: ignore[method-assign,assignment]
    main()
