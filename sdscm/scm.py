"""The sequence-driven structural causal model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sdscm.data.dataset import CausalDataset
from sdscm.data.generate import make_dataset
from sdscm.inference import monte_carlo
from sdscm.inference.enumeration import MAX_CONTEXTS, Enumeration
from sdscm.inference.monte_carlo import Estimate
from sdscm.inference.outcome import Outcome, OutcomeKind
from sdscm.sampling.interventions import Do
from sdscm.sampling.sampler import BLOCK, OnUnits, Sampler


class SDSCM(Sampler):
    """A sequence-driven structural causal model, made from any language model and any DAG.

    The mechanism of each variable is the language model's distribution over the variable's domain,
    given the text of the parents and nothing else (Bynum and Cho, arXiv 2411.08019 v2, section 3).

    Parameters
    ----------
    spec
        The variables, their sentences, and the DAG.
    lm
        The language model.
    phrasing
        Number of the phrasing; see `sdscm.spec.PhrasedSpec`.
    temperature
        Divides the scores before they are normalised over a domain; 1 is the paper's. A small model
        is peaked at 1, so that most units are alike; a higher temperature spreads them out. Every
        mechanism, the outcome's too, is changed alike.
    scoring
        ``definition`` (whole sentence) or another one of `sdscm.sampling.scoring.SCORINGS`.
    coupling
        How a counterfactual meets the unit's noise: ``gumbel`` keeps it (Gumbel-max), ``redraw``
        draws descendants afresh, as the paper does.
    overlap, confounding, effect
        Dials of the benchmark's maker, see `sdscm.sampling.dials.Dials`; by default nothing is
        changed.
    treatments
        Values of the treatment that can be drawn, two or more; by default all. Its mechanism is
        normalised over them (domain-restricted sampling; paper, section 3).

    Raises
    ------
    InputError
        If an option is not one of these.
    """

    def exact(self, max_contexts: int = MAX_CONTEXTS) -> Enumeration:
        """All distributions by enumeration, for specs with few contexts a variable."""
        return Enumeration(self.mechanisms, max_contexts)

    def effect(
        self,
        draws: int = 10_000,
        seed: int = 0,
        *,
        outcome: OutcomeKind = "log-probability",
        outcome_value: str | None = None,
        scores: Mapping[str, float] | None = None,
        contrast: tuple[str, str] | None = None,
    ) -> Estimate:
        """The population average treatment effect (PATE), with its Monte Carlo standard error.

        For specs that are too large for ``exact()``; see `sdscm.inference.monte_carlo.effect`.
        For what the other arguments mean, see `dataset`.

        Raises
        ------
        InputError
            If an option is not one of these, or there are fewer than two draws.
        """
        chosen = Outcome.of(self.spec, outcome, outcome_value, scores)
        return monte_carlo.effect(self, chosen, draws, seed, contrast)

    def mean(
        self,
        draws: int = 10_000,
        seed: int = 0,
        *,
        do: Do | None = None,
        outcome: OutcomeKind = "log-probability",
        outcome_value: str | None = None,
        scores: Mapping[str, float] | None = None,
    ) -> Estimate:
        """The outcome's mean, observational or under ``do``, otherwise as `effect`."""
        chosen = Outcome.of(self.spec, outcome, outcome_value, scores)
        return monte_carlo.mean(self, chosen, draws, seed, do)

    def dataset(
        self,
        n: int,
        seed: int = 0,
        *,
        outcome: OutcomeKind = "log-probability",
        outcome_value: str | None = None,
        scores: Mapping[str, float] | None = None,
        contrast: tuple[str, str] | None = None,
        hide: int | Sequence[str] | None = None,
        cate_contexts: int | None = None,
        cate_draws: int = 0,
        block: int = BLOCK,
        progress: OnUnits | None = None,
    ) -> CausalDataset:
        """A dataset with both potential outcomes of each unit.

        The outcome is a number that is a function of the unit's text: by default log P(outcome =
        ``spec.outcome_value`` | parents) in the world where the treatment is set (paper, section
        4). It is consistent: the observed outcome is the one under the treatment received. (With
        ``coupling="redraw"`` that is y in a world whose mediators, variables between treatment and
        outcome, are drawn anew, whereas ``X`` shows them as they were observed.)

        Parameters
        ----------
        n, seed
            Number of units, and the seed of their noise.
        outcome
            ``log-probability`` (natural logarithm) or ``probability`` of one value,
            ``expected-score`` over the values, or the score of the sampled ``category``.
        outcome_value, scores
            The value in question, and a number for each value; see
            `sdscm.inference.outcome.Outcome.of`.
        contrast
            Values (control, treated) of the treatment; by default its first two. Where it has more,
            it is drawn from these two only.
        hide
            Which exogenous variables the setting ``hidden`` removes: how many, from the first on in
            the order tau, or their names; by default all.
        cate_contexts
            The true CATE given the covariates of a setting is enumerated where no mechanism has
            more contexts than this, by default ten for each unit, but at least 500 and at most
            5,000; 0 leaves it unknown where it is not the individual effect.
        cate_draws
            Where it cannot be enumerated, draws a unit of a weighted Monte Carlo estimate of it
            (`sdscm.inference.monte_carlo.cate`); 0 leaves it unknown.
        block, progress
            As in `sample`.

        Raises
        ------
        InputError
            If an option is not one of these.
        """
        return make_dataset(
            self,
            n,
            seed,
            outcome=Outcome.of(self.spec, outcome, outcome_value, scores),
            contrast=contrast,
            hide=hide,
            cate_contexts=cate_contexts,
            cate_draws=cate_draws,
            block=block,
            progress=progress,
        )
