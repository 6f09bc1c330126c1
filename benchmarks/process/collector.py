"""Free the fitted estimators of earlier cells in a process that runs many cells."""

from __future__ import annotations

import gc
import time

#: Largest share of the working time that is spent on garbage collection.
_SHARE = 0.03
#: Seconds that the first collection is expected to take.
_FIRST = 0.03


class GarbageCollector:
    """Collect reference cycles from time to time.

    Fitted estimators of EconML refer to themselves, so that only Python's cycle collector frees
    them. Python starts it by the number of objects, not of bytes, which is too rare: each fit of a
    forest on 10,000 rows leaves 100 MB, and workers grew to 10 GB after a hundred fits.
    """

    def __init__(self) -> None:
        self._worked = 0.0
        self._expected = _FIRST

    def after(self, seconds: float) -> bool:
        """Collect if that takes a small share of the time worked since the last collection.

        Parameters
        ----------
        seconds
            Seconds of the last cell.

        Returns
        -------
        True if the garbage was collected.
        """
        self._worked += seconds
        if self._worked * _SHARE < self._expected:
            return False
        start = time.perf_counter()
        gc.collect()
        self._expected = time.perf_counter() - start
        self._worked = 0.0
        return True
