"""Effects of treatments with several arms: boards for each scenario and setting.

>>> from benchmarks import arms
>>> found = arms.run(["commute"], "tabular:0", n=100, phrasings=1, methods=["LinearT", "Zero"],
...                  settings=["all"], workers=0, runs_dir=None)
>>> found.cells["method"].tolist()
['LinearT', 'Zero']
"""

from benchmarks.arms.experiment import ArmsResult, run
from benchmarks.arms.methods import DEFAULT_METHODS

__all__ = ["run", "ArmsResult", "DEFAULT_METHODS"]
