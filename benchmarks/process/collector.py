"""Frees what fitted estimators leave behind in a process that runs many cells."""

from __future__ import annotations

import gc
import time

#: Part of the work that may go into collecting.
_SHARE = 0.03
#: What the first collection is thought to take, in seconds; after it, what the last one took.
_FIRST = 0.03


class Garbage:
    """Collects reference cycles now and then.

    Fitted estimators of EconML refer to themselves, so only Python's cycle collector frees them. It
    counts objects, not bytes, and comes too seldom: forests on 10,000 rows leave 100 MB a fit, and
    workers had grown to 10 GB after a hundred of them.
    """

    def __init__(self) -> None:
        self._worked = 0.0
        self._cost = _FIRST

    def after(self, seconds: float) -> bool:
        """Collect if it is a small part of the work since the last time; tell whether it did.

        Parameters
        ----------
        seconds
            What the cell that has ended took.
        """
        self._worked += seconds
        if self._worked * _SHARE < self._cost:
            return False
        start = time.perf_counter()
        gc.collect()
        self._cost = time.perf_counter() - start
        self._worked = 0.0
        return True
