"""Make the table of facts about the datasets of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import get_args

import pandas as pd

from benchmarks.datasets.source import Source
from benchmarks.suite.entries import Dial
from sdscm.data.dataset import CausalDataset, Setting
from sdscm.data.diagnostics import Profile, facts
from sdscm.data.semisynth import fitted_warning
from sdscm.number_format import number

#: Columns of the datasets that have an instrument; tables without any such dataset lack them.
OF_INSTRUMENT = ("first_stage_f", "compliers", "always_takers", "never_takers", "defiers")


def fact_table(sources: Sequence[Source], datasets: Mapping[str, CausalDataset]) -> pd.DataFrame:
    """Make one row for each dataset: its source and its ``sdscm.data.diagnostics.facts``."""
    rows = []
    for source in sources:
        dataset = datasets[source.name]
        found, sd = facts(dataset), float(dataset.y.std()) or float("nan")
        rows.append(
            {
                "dataset": source.name,
                "entry": source.entry,
                "lm": source.lm,
                "phrasing": dataset.meta.phrasing,
                "seed": dataset.meta.seed,
                "temperature": dataset.meta.options.get("temperature", float("nan")),
                "noise": dataset.meta.options.get("noise", float("nan")),
                **{dial: dataset.meta.options.get(dial, float("nan")) for dial in get_args(Dial)},
                "n": found.n,
                "distinct": found.distinct,
                "treated": found.treated,
                "sate_sd": found.sate / sd,
                "naive_sd": found.naive / sd,
                "bias_sd": found.bias,
                "confounding": found.confounding,
                "heterogeneity": found.heterogeneity,
                "propensity_min": found.propensity_min,
                "propensity_max": found.propensity_max,
                "cate_spread": found.hidden_spread,
                "effective_n": found.effective_n,
                "hidden_share": found.hidden_share,
                "sign_flip": found.sign_flip,
                "post_treatment": ", ".join(found.post_treatment),
                "contrast": "" if dataset.meta.spec_hash else _arms(found.contrast),
                "leaks": ", ".join(found.leaks),
                "fitted": str(dataset.meta.options.get("fitted", "")),
                "problems": "; ".join(found.problems),
                **(
                    {name: getattr(found, name) for name in OF_INSTRUMENT}
                    if found.has_instrument
                    else {}
                ),
            }
        )
    return pd.DataFrame(rows)


def _arms(contrast: Sequence[str]) -> str:
    return f"t = 1 is {contrast[1]}, t = 0 is {contrast[0]}" if contrast else ""


#: Columns of `fact_table` that `entry_lines` reads.
LINE_COLUMNS = (
    "temperature",
    "noise",
    "confounding",
    "sate_sd",
    "heterogeneity",
    "cate_spread",
    "post_treatment",
)


def entry_lines(
    facts: pd.DataFrame, settings: Callable[[str], Sequence[Setting]]
) -> tuple[str, ...]:
    """Describe each entry of a suite: confounded or not, if effects vary, and what to beware of.

    ``facts`` is the result of `fact_table`; ``settings`` are those of an entry, by its title.
    """
    lines = []
    for entry, part in facts.groupby("entry", sort=False):
        hidden = "hidden" in settings(str(entry))
        found = profile_of(part)
        temperature = float(part["temperature"].iloc[0])
        line = f"{entry}" if isnan(temperature) else f"{entry} at temperature {temperature:g}"
        noise = float(part["noise"].iloc[0])
        line += f", noise of {noise:.3g} SD(y)" if noise > 0 else ""
        contrasts = ", ".join(dict.fromkeys(filter(None, part.get("contrast", ()))))
        line += f": {contrasts}; " if contrasts else ": "
        known = not isnan(found.heterogeneity)
        if isnan(found.sate):
            line += "the true effects are not known"
        else:
            line += f"confounded by {number(found.confounding)} SD(y), "
            line += (
                f"effects vary by {number(found.heterogeneity)} SD(y)"
                if known
                else "only the true average effect is known"
            )
        if known and hidden:
            line += f" (the CATE in 'hidden' by {number(found.hidden_spread)})"
        warnings = list(found.warnings(hidden))
        shown = ", ".join(dict.fromkeys(filter(None, part["post_treatment"])))
        if shown:
            warnings.append(f"estimators see descendants of the treatment ({shown})")
        leaks = ", ".join(dict.fromkeys(filter(None, part.get("leaks", ()))))
        if leaks:
            warnings.append(f"covariates may give away the truth ({leaks})")
        warnings += map(fitted_warning, dict.fromkeys(filter(None, part.get("fitted", ()))))
        lines.append(line + "".join(f"; warning: {each}" for each in warnings) + ".")
    return tuple(lines)


def profile_of(facts: pd.DataFrame) -> Profile:
    """Average the rows of `fact_table`."""
    return Profile(
        confounding=float(facts["confounding"].abs().mean()),
        sate=float(facts["sate_sd"].abs().mean()),
        heterogeneity=float(facts["heterogeneity"].mean()),
        hidden_spread=float(facts["cate_spread"].mean()),
    )
