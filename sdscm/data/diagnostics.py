"""Measure facts about datasets and mechanisms that decide if they make a useful benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sdscm.arguments import check_type
from sdscm.data.dataset import CausalDataset
from sdscm.data.instrument_facts import instrument_facts
from sdscm.display import html_card, html_note, html_table
from sdscm.number_format import counted, number, percent, scientific, span
from sdscm.sampling.sampler import Sampler
from sdscm.sampling.units import Units

#: Smallest useful number of distinct rows: with fewer, a dataset is a table of a few means.
FEW_ROWS = 10
#: Smallest useful effective sample size under weighting, as a share of the rows.
POOR_OVERLAP = 0.1
#: Smallest useful heterogeneity, SD(ITE) / SD(y).
LITTLE = 0.01
#: First-stage F below which an instrument is weak (Staiger and Stock, Econometrica 1997).
WEAK_INSTRUMENT = 10
#: Smallest bias, in SD(y), that counts as confounding, and smallest useful SD of a hidden CATE.
NEGLIGIBLE = 0.05


@dataclass(frozen=True)
class DatasetFacts:
    """Facts that make a dataset hard, easy or degenerate.

    Attributes
    ----------
    n, distinct
        Rows, and distinct rows of covariates and treatment.
    treated
        Share of units with t = 1.
    constant
        Names of the covariates with a single value.
    sate, naive
        Sample average effect, and difference in observed means; in units of y.
    bias
        (naive - sate) / SD(y): the bias of the naive contrast.
    confounding
        The bias that is expected over the treatments given the true propensities e, in SD(y): 0 if
        the treatment is randomised, where ``bias`` is the chance of one draw. The expected means
        of the arms are sum(e y1) / sum(e) and sum((1 - e) y0) / sum(1 - e). It is ``bias`` if the
        propensity or the effects are unknown.
    heterogeneity
        SD(ITE) / SD(y).
    propensity_min, propensity_max
        Range of the true propensity; NaN if unknown.
    effective_n
        Effective sample size (Kish 1965, n E[w]^2 / E[w^2]) under the stabilised weights
        w = P(t) / P(t | parents), in expectation over the treatment: n if all units have the same
        propensity, 0 if a unit cannot receive one of the treatments, NaN if the propensity is
        unknown. (Weights of the received treatments would hide poor overlap, since units with a
        large weight are rare.)
    hidden_share
        E Var(ITE | X) / (E Var(ITE | X) + Var(CATE)) in the setting ``hidden``, in [0, 1]: the
        share of the variance of the effects that no method can explain; NaN if the true CATE is
        unknown, or if both are 0.
    hidden_spread
        SD(CATE) / SD(y) in the setting ``hidden``; NaN if the true CATE is unknown.
    post_treatment
        Names of the covariates in X that descend from the treatment.
    contrast
        The values of the treatment that t = 0 and t = 1 stand for; empty if not recorded.
    leaks
        Covariates of a user's table that give away the truth, or may; see `sdscm.data.leaks`.
    first_stage_f
        Strength of the instrument: the F statistic of the instrument in a linear regression of the
        treatment on it and the other covariates that the setting ``instrument`` shows. NaN without
        an instrument.
    compliers, always_takers, never_takers, defiers
        Shares of the units by their treatment under both values of the instrument; see
        `CausalDataset.compliers`. NaN if it is unknown, as in a user's table.

    Examples
    --------
    >>> found = sdscm.facts(sdscm.SDSCM("headache", "tabular:0").dataset(200))
    >>> found
    <DatasetFacts: 200 rows, 56% treated, SATE -0.025, confounding 0.025 SD(y); no problems>
    >>> found.problems
    ()
    """

    n: int
    distinct: int
    treated: float
    constant: tuple[str, ...]
    sate: float
    naive: float
    bias: float
    confounding: float
    heterogeneity: float
    propensity_min: float
    propensity_max: float
    effective_n: float
    hidden_share: float
    hidden_spread: float
    post_treatment: tuple[str, ...]
    contrast: tuple[str, ...]
    leaks: tuple[str, ...]
    first_stage_f: float = float("nan")
    compliers: float = float("nan")
    always_takers: float = float("nan")
    never_takers: float = float("nan")
    defiers: float = float("nan")

    def __repr__(self) -> str:
        return (
            f"<DatasetFacts: {self.n:,} rows, {percent(self.treated)} treated, "
            f"SATE {number(self.sate)}, confounding {number(self.confounding)} SD(y); "
            f"{_counted_problems(self.problems)}>"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("rows", f"{self.n:,}, {self.distinct:,} distinct", "of covariates and treatment"),
            ("treated", percent(self.treated), f"share with t = 1: {'/'.join(self.contrast)}"),
            ("SATE", number(self.sate), "sample average effect, in units of y"),
            ("naive", number(self.naive), "difference in observed means, in units of y"),
            ("bias", number(self.bias), "(naive - SATE) / SD(y)"),
            ("confounding", number(self.confounding), "expected bias, in SD(y)"),
            ("heterogeneity", number(self.heterogeneity), "SD(ITE) / SD(y)"),
            ("propensity", span(self.propensity_min, self.propensity_max), "range of P(t = 1)"),
            ("effective n", number(self.effective_n), "rows that are left by weighting"),
            ("hidden share", percent(self.hidden_share), "variance of effects that X hides"),
            ("hidden spread", number(self.hidden_spread), "SD(CATE) / SD(y) in 'hidden'"),
        ]
        if self.has_instrument:
            rows += [
                ("first-stage F", number(self.first_stage_f), "strength of the instrument"),
                ("strata", self.strata or "not known", "shares of the units"),
            ]
        return html_card("DatasetFacts", _counted_problems(self.problems), *_table(rows, self))

    @property
    def sign_flip(self) -> bool:
        """True if the naive contrast and the true effect have opposite signs."""
        return self.naive * self.sate < 0

    @property
    def has_instrument(self) -> bool:
        """True if the strength of an instrument is known."""
        return self.first_stage_f == self.first_stage_f

    @property
    def weak(self) -> bool:
        """True if the instrument is weak: normal intervals are then too short."""
        return self.first_stage_f < WEAK_INSTRUMENT

    @property
    def strata(self) -> str:
        """The shares of compliers, always-takers, never-takers and defiers; empty if unknown."""
        if self.compliers != self.compliers:
            return ""
        shares = {
            "compliers": self.compliers,
            "always-takers": self.always_takers,
            "never-takers": self.never_takers,
            "defiers": self.defiers,
        }
        return ", ".join(f"{name} {percent(share)}" for name, share in shares.items())

    @property
    def problems(self) -> tuple[str, ...]:
        """The reasons why the dataset is degenerate or misleads; empty if there are none."""
        found = []
        if self.post_treatment:
            found.append(f"shows post-treatment covariates: {', '.join(self.post_treatment)}")
        if self.leaks:
            found.append(f"covariates may give away the truth: {', '.join(self.leaks)}")
        if not 0.1 <= self.treated <= 0.9:
            found.append(f"{self.treated:.0%} of the units are treated (want 10 % to 90 %)")
        if self.constant:
            found.append(f"constant covariates: {', '.join(self.constant)}")
        if self.distinct < min(FEW_ROWS, self.n):
            found.append(f"{self.distinct} distinct rows (want {FEW_ROWS} or more)")
        if self.effective_n < POOR_OVERLAP * self.n:
            found.append(
                f"poor overlap: weighting leaves {self.effective_n:,.1f} of {self.n:,} rows "
                f"(want {POOR_OVERLAP:.0%})"
            )
        if self.heterogeneity <= 1e-6:  # NaN if the effects are unknown, or y is constant
            found.append("the effect does not vary between units")
        elif self.heterogeneity < LITTLE:
            found.append(f"the effect hardly varies: SD(ITE) / SD(y) is {self.heterogeneity:.1e}")
        return tuple(found)


def _counted_problems(problems: Sequence[str]) -> str:
    return counted(len(problems), "problem") if problems else "no problems"


def _table(
    rows: Sequence[tuple[str, str, str]], facts: DatasetFacts | MechanismFacts
) -> Iterator[str]:
    yield html_table(["fact", "value", "meaning"], rows)
    yield html_note(*(f"Problem: {problem}" for problem in facts.problems))


def facts(dataset: CausalDataset) -> DatasetFacts:
    """Measure a dataset; see `DatasetFacts` for units.

    Examples
    --------
    >>> data = sdscm.SDSCM("headache", "tabular:0", confounding=3).dataset(200)
    >>> round(sdscm.facts(data).confounding, 3)
    0.018
    """
    check_type("facts", dataset, CausalDataset, "give a CausalDataset")
    y, t, sd = dataset.y, dataset.t == 1, float(dataset.y.std())
    naive = float(y[t].mean() - y[~t].mean()) if t.any() and not t.all() else float("nan")
    e = np.array([np.nan]) if dataset.propensity is None else dataset.propensity
    bias = (naive - dataset.sate) / sd if sd > 0 else float("nan")
    expected = _expected_bias(dataset) / sd if sd > 0 else float("nan")
    cate = dataset.cates.get("hidden")
    return DatasetFacts(
        n=len(dataset),
        distinct=len(dataset.X.assign(_t=dataset.t).drop_duplicates()),
        treated=float(t.mean()),
        constant=tuple(str(c) for c in dataset.X if dataset.X[c].nunique() == 1),
        sate=dataset.sate,
        naive=naive,
        bias=bias,
        confounding=bias if np.isnan(expected) else expected,
        heterogeneity=float(dataset.ite.std()) / sd if sd > 0 else 0.0,
        propensity_min=float(e.min()),
        propensity_max=float(e.max()),
        effective_n=_effective_n(dataset),
        hidden_share=_hidden_share(dataset),
        hidden_spread=float("nan") if cate is None or sd == 0 else float(cate.std()) / sd,
        post_treatment=dataset.post_treatment,
        contrast=dataset.contrast,
        leaks=tuple(dataset.meta.options.get("leaks", ())),
        **instrument_facts(dataset),
    )


def _expected_bias(dataset: CausalDataset) -> float:
    """Expected naive contrast minus SATE, in units of y; NaN if unknown."""
    if dataset.propensity is None:
        return float("nan")
    e = dataset.propensity
    with np.errstate(divide="ignore", invalid="ignore"):
        treated, control = (e * dataset.y1).sum() / e.sum(), (1 - e) @ dataset.y0 / (1 - e).sum()
    return float(treated - control - dataset.sate)


def _effective_n(dataset: CausalDataset) -> float:
    if dataset.propensity is None:
        return float("nan")
    e = dataset.propensity
    share = e.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = share**2 / e + (1 - share) ** 2 / (1 - e)
    # If no unit or every unit is treated, this is 0 / 0.
    return len(dataset) / float(np.where(np.isnan(squares), np.inf, squares).mean())


def _hidden_share(dataset: CausalDataset) -> float:
    cate = dataset.cates.get("hidden")
    if cate is None:
        return float("nan")
    # The sum of both parts, and not the variance of the sample: that may be the smaller one.
    unexplained = float(((dataset.ite - cate) ** 2).mean())
    total = unexplained + float(cate.var())
    return unexplained / total if total > 0 else float("nan")


@dataclass(frozen=True)
class Profile:
    """Confounding and heterogeneity of several datasets, as means over them; in SD(y).

    Attributes
    ----------
    confounding
        Mean absolute ``confounding``.
    sate
        Mean absolute ``sate`` / SD(y).
    heterogeneity
        Mean SD(ITE) / SD(y).
    hidden_spread
        Mean SD(CATE) / SD(y) in the setting ``hidden``; NaN if unknown.
    """

    confounding: float
    sate: float
    heterogeneity: float
    hidden_spread: float

    @property
    def confounded(self) -> bool:
        """False if the difference in means is hardly biased."""
        return not self.confounding < NEGLIGIBLE

    @property
    def varies(self) -> bool:
        """False if the individual effects hardly vary."""
        return not self.heterogeneity < LITTLE

    @property
    def has_effect(self) -> bool:
        """False if all effects are 0 up to rounding."""
        return not self.sate + self.heterogeneity < 1e-6

    def warnings(self, hidden: bool) -> tuple[str, ...]:
        """List what a study of confounding or effects cannot find in these data.

        ``hidden``: the data are used in the setting ``hidden``, too.
        """
        found = []
        if hidden and not self.confounded:
            found.append("the difference in means is hardly biased, so that 'hidden' hides little")
        if not self.varies:
            found.append("the effect does not vary" if self.has_effect else "there is no effect")
        elif hidden and self.hidden_spread < NEGLIGIBLE:
            found.append("the true CATE hardly varies in 'hidden'")
        return tuple(found)


@dataclass(frozen=True)
class MechanismFacts:
    """Facts about the mechanism of one variable, over the contexts of some units.

    Attributes
    ----------
    name
        The variable.
    mass, least_mass
        Mean and smallest total probability that the model gives to the domain; NaN for a variable
        whose distribution is not ``lm``. If it is tiny, the model expects other text.
    settled
        Share of the units for which one value has a probability above 99 %.
    largest
        The largest mean probability of a value over the units.

    Examples
    --------
    >>> model = sdscm.SDSCM("headache", "tabular:0")
    >>> found = sdscm.mechanism_facts(model, model.sample(100))
    >>> found[-1]
    <MechanismFacts: feeling, mass 3.9e+00, settled 0%, largest 0.605; no problems>
    """

    name: str
    mass: float
    least_mass: float
    settled: float
    largest: float

    def __repr__(self) -> str:
        return (
            f"<MechanismFacts: {self.name}, mass {scientific(self.mass)}, "
            f"settled {percent(self.settled)}, largest {number(self.largest)}; "
            f"{_counted_problems(self.problems)}>"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("mass", scientific(self.mass), "mean probability of the whole domain"),
            ("least mass", scientific(self.least_mass), "its smallest value over the units"),
            ("settled", percent(self.settled), "units with one value above 99 %"),
            ("largest", number(self.largest), "largest mean probability of a value"),
        ]
        about = _counted_problems(self.problems)
        return html_card(f"MechanismFacts: {self.name}", about, *_table(rows, self))

    @property
    def problems(self) -> tuple[str, ...]:
        """The reasons why the mechanism is degenerate; empty if it is not."""
        found = []
        if self.mass < TINY_MASS:
            found.append(f"the model gives the domain {self.mass:.1e} of its probability")
        if self.settled > SETTLED:
            found.append(f"one value has over 99 % for {self.settled:.0%} of the units")
        return tuple(found)


TINY_MASS = 1e-4
SETTLED = 0.5  # share of the units with one value above 99 %


def worst(facts: Sequence[MechanismFacts]) -> MechanismFacts:
    """Combine the facts of one variable over phrasings: the worst of each number."""
    return MechanismFacts(
        name=facts[0].name,
        mass=min(each.mass for each in facts),
        least_mass=min(each.least_mass for each in facts),
        settled=max(each.settled for each in facts),
        largest=max(each.largest for each in facts),
    )


def mechanism_facts(sampler: Sampler, units: Units) -> list[MechanismFacts]:
    """Measure each variable's mechanism on units of the sampler; see `MechanismFacts`.

    Examples
    --------
    >>> model = sdscm.SDSCM("headache", "tabular:0")
    >>> [each.name for each in sdscm.mechanism_facts(model, model.sample(100)) if each.problems]
    []
    """
    check_type("mechanism_facts", sampler, Sampler, "give an SDSCM")
    check_type("units", units, Units, "give what sample returns")
    codes = {name: units.codes[name].to_numpy() for name in sampler.spec.order}
    found = []
    for name in sampler.spec.order:
        chances = np.exp(units.log_probabilities[name])
        mass = sampler.mechanisms.mass(name, codes, len(units))
        found.append(
            MechanismFacts(
                name=name,
                mass=float(mass.mean()),
                least_mass=float(mass.min()),
                settled=float((chances.max(axis=1) > 0.99).mean()),
                largest=float(chances.mean(axis=0).max()),
            )
        )
    return found
