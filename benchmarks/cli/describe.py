"""Print specs, datasets and their facts as sentences and tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.cli.output import heading, pairs, say, table
from sdscm.number_format import number, percent, span

if TYPE_CHECKING:
    import pandas as pd

    from sdscm.data.dataset import CausalDataset
    from sdscm.data.diagnostics import DatasetFacts, MechanismFacts
    from sdscm.spec import Spec


def spec_page(spec: Spec) -> None:
    """Print a spec: its treatment and outcome, its variables and its DAG."""
    say(f"{spec.name}: {spec.title}" if spec.title else spec.name)
    after = ", ".join(c for c in spec.descendants(spec.treatment.name) if c in spec.covariates)
    pairs(
        [
            ("treatment", f"{spec.treatment.name}: {' or '.join(spec.treatment.values)}"),
            ("outcome", f"{spec.outcome.name}: P({spec.outcome.values[spec.outcome_code]})"),
            ("common causes", ", ".join(spec.common_causes) or "none: nothing confounds"),
            ("effect", "may vary" if has_effect(spec) else "exactly 0: no path from the treatment"),
            ("descendants", f"{after} (not in X by default)" if after else "no covariate"),
            ("phrased specs", f"{spec.n_phrasings:,}"),
            *_by_graph(spec),
            ("content hash", spec.content_hash),
        ]
    )
    heading("Is the effect identified?")
    pairs(_by_setting(spec))
    heading("Variables")
    rows = [
        [
            each.name,
            each.role,
            f"{len(each.tuning)} + {len(each.phrasings)}"
            if each.tuning
            else str(len(each.phrasings)),
            each.distribution if isinstance(each.distribution, str) else "fixed",
            " | ".join(each.values),
        ]
        for each in map(spec.variable, spec.order)
    ]
    table(["Name", "Role", "Sentences", "Drawn", "Values"], rows, right=["Sentences"])
    if spec.split:
        say("Sentences: for tuning + scored.")
    heading("Graph")
    say(*graph_lines(spec))


def _by_graph(spec: Spec) -> list[tuple[str, str]]:
    """List what the DAG says of the other variables, by d-separation."""
    from sdscm.spec import identification

    names = spec.graph, spec.treatment.name, spec.outcome.name
    hidden = spec.identified(hidden=True)
    instruments = [
        f"{name} (given {', '.join(given)})" if given else name
        for name, given in hidden.instruments.items()
    ]
    of_hidden = identification.proxies(*names, hidden.shown)
    return [
        ("instruments", ", ".join(instruments) or "none"),
        ("mediators", ", ".join(identification.mediators(*names)) or "none"),
        ("proxies", ", ".join(f"{n} (of {', '.join(c)})" for n, c in of_hidden.items()) or "none"),
    ]


def _by_setting(spec: Spec) -> list[tuple[str, str]]:
    """Say for each setting if the effect is identified, and how."""
    from sdscm.data.identified import identified_in
    from sdscm.data.settings import SETTING_INFOS

    return [(name, identified_in(spec, name).sentence) for name in SETTING_INFOS]


def has_effect(spec: Spec) -> bool:
    """Return True if a directed path leads from the treatment to the outcome."""
    return spec.outcome.name in spec.descendants(spec.treatment.name)


def graph_lines(spec: Spec) -> list[str]:
    """Write the DAG: the name and the parents of each variable, in the order of generation."""
    width = max(len(name) for name in spec.order)
    lines = []
    for place, name in enumerate(spec.order):
        parents = spec.parents(name)
        shown = ", ".join(parents)
        if len(parents) == place and place > 1:
            shown = "all above"
        elif len(parents) == place - 1 and place > 3:
            (missing,) = set(spec.order[:place]) - set(parents)
            shown = f"all above but {missing}"
        lines.append(f"  {name:<{width}} <- {shown}" if parents else f"  {name}")
    return lines


def fact_rows(facts: DatasetFacts) -> list[tuple[str, str]]:
    """List the facts of one dataset as pairs of name and value."""
    return [
        ("rows", f"{facts.n:,} ({facts.distinct:,} distinct)"),
        *([("t = 1", facts.contrast[1]), ("t = 0", facts.contrast[0])] if facts.contrast else ()),
        ("treated", percent(facts.treated)),
        ("SATE", number(facts.sate)),
        ("naive contrast", number(facts.naive) + (" (sign flips)" if facts.sign_flip else "")),
        ("bias / SD(y)", number(facts.bias)),
        ("expected bias / SD(y)", number(facts.confounding)),
        ("SD(ITE) / SD(y)", number(facts.heterogeneity)),
        ("SD(CATE) / SD(y), hidden", _known(facts.hidden_spread, "{:.2f}")),
        ("true propensity", _propensity(facts)),
        ("effective rows", _known(facts.effective_n, "{:,.0f}")),
        ("Var(ITE | X) / Var(ITE), hidden", _known(facts.hidden_share, "{:.2f}")),
        *(_instrument_rows(facts) if facts.has_instrument else ()),
        ("problems", "; ".join(facts.problems) or "none"),
    ]


def _instrument_rows(facts: DatasetFacts) -> list[tuple[str, str]]:
    weak = " (weak: below 10)" if facts.weak else ""
    strength = ("first-stage F", number(facts.first_stage_f) + weak)
    if not facts.strata:
        return [strength]
    return [
        strength,
        ("compliers", percent(facts.compliers)),
        ("always-takers", percent(facts.always_takers)),
        ("never-takers", percent(facts.never_takers)),
        ("defiers", percent(facts.defiers)),
    ]


def confounding_rows(dataset: CausalDataset) -> list[tuple[str, str]]:
    """List the strength of hidden confounding in each setting that hides covariates."""
    return [
        (
            f"confounding in '{setting}'",
            f"Gamma {each.gamma:.3g}; partial R² of outcome {each.outcome_r2:.2f}, treatment "
            f"{each.treatment_r2:.2f}, weights {each.riesz_r2:.2f}",
        )
        for setting, each in dataset.hidden_confounding.items()
        if setting != "all"
    ]


def phrasing_table(facts: Mapping[int, DatasetFacts]) -> None:
    """Print the facts of datasets, with one column for each phrasing."""
    columns = {f"Phrasing {phrasing}": dict(fact_rows(each)) for phrasing, each in facts.items()}
    names = list(next(iter(columns.values())))
    rows = [[name, *(column[name] for column in columns.values())] for name in names]
    table(["", *columns], rows, right=list(columns))


def mechanism_table(facts: Sequence[MechanismFacts]) -> None:
    """Print facts about the language model's distribution of each variable."""
    rows = [
        [
            each.name,
            _known(each.mass, "{:.1e}"),
            _known(each.least_mass, "{:.1e}"),
            percent(each.settled),
            percent(each.largest),
            "; ".join(each.problems) or "none",
        ]
        for each in facts
    ]
    header = ["Variable", "Mass", "Least mass", "Over 99%", "Largest share", "Problems"]
    table(header, rows, right=header[1:-1])


def verdict(spec: Spec, facts: Sequence[DatasetFacts], effect: float = 1.0) -> str:
    """Print if the phrasings give a benchmark that is not trivial; ``effect`` is the dial."""
    if effect == 0 or not has_effect(spec):
        reason = "by --effect 0" if has_effect(spec) else "by the graph"
        return (
            f"Verdict: a test for false effects, since {reason} every effect is exactly 0; "
            f"{_distance(facts)}."
        )
    good = [each for each in facts if not each.problems]
    if not good:
        return (
            "Verdict: trivial in every phrasing; try a higher --temperature, other values or other "
            "sentences."
        )
    counts = f"{len(good)} of {len(facts)} phrasings"
    return f"Verdict: {counts} are not trivial; in them {_distance(good)}."


def _distance(facts: Sequence[DatasetFacts]) -> str:
    from sdscm.data.diagnostics import NEGLIGIBLE

    known = [abs(each.confounding) for each in facts if not math.isnan(each.confounding)]
    if not known:
        return "the naive contrast is not known, since one arm is empty"
    far = f"the naive contrast is expected up to {max(known):.2f} SD(y) away from the SATE"
    return far if max(known) >= NEGLIGIBLE else f"{far}, so that hardly anything confounds"


def _propensity(facts: DatasetFacts) -> str:
    low, high = facts.propensity_min, facts.propensity_max
    return span(low, high) if low == low else "not known"


def _known(value: float, form: str) -> str:
    return form.format(value) if value == value else "not known"


def share_table(domains: Mapping[str, Sequence[Any]], samples: Mapping[str, pd.DataFrame]) -> None:
    """Print the share of each value of each variable in each sample."""
    rows = []
    for name, values in domains.items():
        for place, value in enumerate(values):
            shares = [percent((each[name] == value).mean()) for each in samples.values()]
            rows.append(["" if place else name, str(value), *shares])
    table(["Variable", "Value", *samples], rows, right=list(samples))


def origin_rows(origin: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the provenance as pairs of name and value, without empty values."""
    return [
        (name.replace("_", " "), _plain(value))
        for name, value in origin.items()
        if value not in ("", {})
    ]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {each}" for key, each in value.items() if each != "")
    return value if isinstance(value, str) else json.dumps(value)
