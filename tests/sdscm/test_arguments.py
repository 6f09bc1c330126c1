"""Arguments of wrong types are refused at once, in one line; names stand for objects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sdscm
from sdscm import SDSCM, CausalDataset, InputError, Spec, TabularLM, load_lm, load_spec
from sdscm.audit import audit
from sdscm.data.semisynth import fit_models
from sdscm.lm.backends.tabular import random_table
from sdscm.realism.comparison import compare
from sdscm.spec import spec_from_yaml
from tests.conftest import CLINIC

LM = TabularLM(random_table(1))
CLINIC_SPEC = spec_from_yaml(CLINIC, "clinic.yaml")
MODEL = SDSCM(CLINIC_SPEC, LM)
UNITS = MODEL.sample(8)
DATA = MODEL.dataset(8)
EXACT = MODEL.exact()


class Tokenizer:
    """Reads text, and scores none."""


#: Objects of every kind that someone gives by mistake. Each call below takes none of them.
WRONG = [
    2.5,
    b"x",
    {"a": 1},
    object(),
    Tokenizer(),
    TabularLM,
    np.zeros(3),
    pd.DataFrame({"a": [1, 2]}),
    [None],
]


def _option(name: str) -> Callable[[Any], Any]:
    return lambda wrong: SDSCM(CLINIC_SPEC, LM, **{name: wrong})


def _sample(name: str) -> Callable[[Any], Any]:
    return lambda wrong: MODEL.sample(**{"n": 3, name: wrong})


def _dataset(name: str) -> Callable[[Any], Any]:
    return lambda wrong: MODEL.dataset(**{"n": 3, name: wrong})


def _audit(name: str) -> Callable[[Any], Any]:
    return lambda wrong: audit(**{"spec": CLINIC_SPEC, "lms": LM, name: wrong})


CALLS: dict[str, Callable[[Any], Any]] = {
    "load_spec": load_spec,
    "load_lm": load_lm,
    "spec": lambda wrong: SDSCM(wrong, LM),
    "lm": lambda wrong: SDSCM(CLINIC_SPEC, wrong),
    **{name: _option(name) for name in ("phrasing", "scoring", "coupling", "treatments")},
    **{f"sample {name}": _sample(name) for name in ("n", "seed", "do", "given", "how", "first")},
    **{f"sample {name}": _sample(name) for name in ("block",)},
    **{f"dataset {name}": _dataset(name) for name in ("n", "seed", "outcome", "scores")},
    **{f"dataset {name}": _dataset(name) for name in ("outcome_value", "contrast", "hide")},
    **{f"dataset {name}": _dataset(name) for name in ("post_treatment", "noise_coupling")},
    **{f"dataset {name}": _dataset(name) for name in ("cate_contexts", "cate_draws", "block")},
    "units": lambda wrong: MODEL.counterfactual(wrong, {"drug": "statin"}),
    "do": lambda wrong: MODEL.counterfactual(UNITS, wrong),
    "rows": MODEL.abduct,
    "draws": MODEL.effect,
    "mean do": lambda wrong: MODEL.mean(do=wrong),
    "setting": DATA.setting,
    "facts": sdscm.facts,
    "mechanism_facts sampler": lambda wrong: sdscm.mechanism_facts(wrong, UNITS),
    "mechanism_facts units": lambda wrong: sdscm.mechanism_facts(MODEL, wrong),
    "frame": lambda wrong: CausalDataset.from_frame(wrong, treatment="t", outcome="y"),
    "treatment": lambda wrong: CausalDataset.from_frame(
        DATA.to_frame(), treatment=wrong, outcome="y"
    ),
    "covariates": lambda wrong: CausalDataset.from_frame(
        DATA.to_frame(), treatment="t", outcome="y", covariates=wrong
    ),
    "variable": CLINIC_SPEC.variable,
    "parents": CLINIC_SPEC.parents,
    "marginal": EXACT.marginal,
    "marginal do": lambda wrong: EXACT.marginal("age", wrong),
    "log_table": EXACT.log_table,
    "conditional": lambda wrong: EXACT.conditional("drug", wrong),
    "effect given": lambda wrong: EXACT.effect(given=wrong),
    "read_parquet": CausalDataset.read_parquet,
    "log_probability name": lambda wrong: UNITS.log_probability(wrong, "statin"),
    "log_probability value": lambda wrong: UNITS.log_probability("drug", wrong),
    "take": UNITS.take,
    "phrased": CLINIC_SPEC.phrased,
    "fit_models": fit_models,
    "compare": lambda wrong: compare(wrong, UNITS.labels),
    "audit spec": lambda wrong: audit(wrong, LM),
    **{f"audit {name}": _audit(name) for name in ("lms", "treatment", "measures", "subgroups")},
    **{f"audit {name}": _audit(name) for name in ("mediators", "contrasts", "phrasings")},
}


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_type_is_refused_at_once_in_one_line(
    call: str, one_line: Callable[[BaseException], str]
) -> None:
    for wrong in WRONG:
        with pytest.raises(InputError) as refused:
            CALLS[call](wrong)
        one_line(refused.value)


def test_a_table_of_probabilities_is_a_function() -> None:
    with pytest.raises(InputError, match="table: it is a dict; give a function from a Choice"):
        TabularLM({"yes": 0.5})  # type: ignore[arg-type]


def test_a_path_or_a_name_stands_for_a_spec_and_a_language_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clinic.yaml"
    path.write_text(CLINIC)
    for spec in (path, str(path), CLINIC_SPEC):
        assert SDSCM(spec, LM).spec == CLINIC_SPEC
    asked: list[Any] = []
    monkeypatch.setattr("sdscm.sampling.sampler.load_lm", lambda name: asked.append(name) or LM)
    for model in (SDSCM("headache"), SDSCM("headache", "gpt2")):
        assert (model.spec, model.lm) == (load_spec("headache"), LM)
    assert asked == [sdscm.DEFAULT_LM, "gpt2"]


def test_what_a_loader_returns_it_returns_again(clinic: Spec) -> None:
    assert load_spec(clinic) is clinic
    assert load_lm(LM) is LM
