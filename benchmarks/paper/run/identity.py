"""What decides a method's numbers beside data and seed: code, parameters and versions."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path

import estimators
from benchmarks.paper.run.methods import parameters_of
from benchmarks.provenance.hashing import digest
from benchmarks.provenance.source_code import reached
from benchmarks.provenance.versions import versions

#: What trains networks together; the class of the method does not name it.
_BATCHED = "fit_many"


@cache
def identity(method: str) -> str:
    """Hash of the code behind a method, of its parameters, and of the versions that matter.

    The code is that of its class and of every definition of `estimators` that it reaches by name,
    without docstrings and comments: a run of hours must survive a better sentence and an estimator
    that is added beside it, and nothing else. The harness's own key takes the whole folder.
    """
    made = type(estimators.get(method))
    file = Path(inspect.getfile(made))
    code = sorted(reached([(file, made.__name__), (file, _BATCHED)]).items())
    # With a letter before it no reader of CSV takes it for a number.
    content = [method, code, versions(estimators.info(method).extra)]
    if parameters := parameters_of(method):
        content.append(parameters)
    return "i" + digest(content)[:12]
