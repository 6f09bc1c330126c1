"""Free the fitted estimators of earlier cells in a process that runs many cells."""

from __future__ import annotations

import gc
import time

#: Largest part of the working time that goes into garbage collection.
_SHARE = 0.03
#: Seconds that the first collection is expected to take.
_FIRST = 0.03


class GarbageCollector:
    """Collect reference cycles from time to time.

    Fitted estimators of EconML refer to themselves, so that only Python's cycle collector frees
    them. Python starts it by the number of objects, not of bytes, and too seldom: forests on 10,000
    rows leave 100 MB a fit, and workers grew to 10 GB after a hundred of them.
    """

    def __init__(self) -> None:
        self._worked = 0.0
        self._expected = _FIRST

    def after(self, seconds: float) -> bool:
        """Collect if that takes a small part of the time worked since the last collection.

        Parameters
        ----------
        seconds
            Time that the last cell took.

        Returns
        -------
        Whether it has collected.
        """
        self._worked += seconds
        if self._worked * _SHARE < self._expected:
            return False
        start = time.perf_counter()
        gc.collect()
        self._expected = time.perf_counter() - start
        self._worked = 0.0
        return True
