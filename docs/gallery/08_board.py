"""A board

A suite names datasets, methods and settings. Its board shows the error of each method: the median
over datasets, with an interval. This small suite takes seconds; the published boards have their
own pages.
"""

import tempfile

import benchmarks

suite = benchmarks.Suite(
    name="small",
    datasets=[{"simulation": "linear", "n": 200, "covariates": 4, "replicates": 6}],
    estimators=["DiffInMeans", "LinReg", "RF", "Zero"],
    settings=["all"],
)
with tempfile.TemporaryDirectory() as folder:
    result = benchmarks.run(suite, workers=0, results_dir=None, runs_dir=folder)
fig = result.boards[0].plot()
