"""The sequence-driven structural causal model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sdscm.data.dataset import CausalDataset
from sdscm.data.generate import make_dataset
from sdscm.data.generate_arms import make_multi_arm_dataset
from sdscm.data.multi_arm import MultiArmDataset
from sdscm.inference import monte_carlo
from sdscm.inference.enumeration import MAX_CONTEXTS
from sdscm.inference.labelled import Enumeration
from sdscm.inference.monte_carlo import MonteCarloEstimate
from sdscm.inference.outcome import OutcomeFunction, OutcomeKind
from sdscm.literals import SETTINGS, NoiseCoupling, PostTreatment, Setting, TextPhrasing
from sdscm.sampling.interventions import Do
from sdscm.sampling.sampler import BLOCK, OnUnits, Sampler

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SDSCM(Sampler):
    """A sequence-driven structural causal model, made from any language model and any DAG.

    The mechanism of each variable is the language model's distribution over the variable's domain,
    given only the text of the parents (Bynum and Cho, arXiv 2411.08019 v2, section 3).

    Parameters
    ----------
    spec
        Variables, sentences and DAG: a `Spec`, or a name or path for `load_spec`.
    lm
        The language model, or its name for `load_lm`; by default the embedded one.
    phrasing
        Number of the phrasing; see `sdscm.spec.PhrasedSpec`.
    temperature
        Divisor of the scores before they are normalised over a domain; the paper uses 1. The
        distributions of a small model are peaked at 1, so that most units are alike; a higher
        temperature makes them flatter. It applies to all mechanisms, also the outcome's.
    scoring
        ``definition`` (whole sentence) or another name in `sdscm.sampling.scoring.SCORINGS`.
    coupling
        Noise of a counterfactual: ``gumbel`` keeps the unit's own noise (Gumbel-max), ``redraw``
        draws new noise for the descendants, as the paper does.
    overlap, confounding, effect, strength, defiers
        Changes of the mechanisms, see `sdscm.sampling.dials.Dials`; the defaults change nothing.
    treatments
        Two or more values of the treatment, to which its mechanism is restricted (domain-restricted
        sampling; paper, section 3). Default: all.

    Raises
    ------
    InputError
        If an option has an unknown or impossible value.

    Examples
    --------
    >>> model = sdscm.SDSCM("headache", "tabular:0")
    >>> model
    <SDSCM: headache with tabular:0, phrasing 0>
    >>> model.sample(3, seed=1).labels[["season", "weather", "relief"]]
       season weather  relief
    0  autumn    warm  a walk
    1  spring    warm  a walk
    2  autumn    warm   a nap
    """

    def plot(self) -> Figure:
        """Draw the DAG; see `sdscm.Spec.plot`.

        Examples
        --------
        >>> model = sdscm.SDSCM("headache", "tabular:0")
        >>> model.plot().savefig("graph.svg")
        """
        return self.spec.plot()

    def exact(self, max_contexts: int = MAX_CONTEXTS) -> Enumeration:
        """Exact distributions by enumeration, for specs with few contexts for each variable.

        Examples
        --------
        >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
        >>> exact.marginal("relief").round(3).to_dict()
        {'a walk': 0.475, 'a nap': 0.525}
        """
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
    ) -> MonteCarloEstimate:
        """The population average treatment effect (PATE), with its Monte Carlo standard error.

        For specs that are too large for ``exact()``; see `sdscm.inference.monte_carlo.effect`. The
        other arguments are as in `dataset`.

        Raises
        ------
        InputError
            If an option has an unknown or impossible value, or there are fewer than two draws.

        Examples
        --------
        >>> model = sdscm.SDSCM("headache", "tabular:0")
        >>> found = model.effect(draws=1_000)
        >>> round(found.value, 3), round(found.standard_error, 3)
        (-0.017, 0.025)
        """
        chosen = OutcomeFunction.of(self.spec, outcome, outcome_value, scores)
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
    ) -> MonteCarloEstimate:
        """The mean outcome, observational or under ``do``; parameters as in `effect`.

        Examples
        --------
        >>> model = sdscm.SDSCM("headache", "tabular:0")
        >>> round(model.mean(draws=1_000, do={"relief": "a nap"}).value, 3)
        -0.594
        """
        chosen = OutcomeFunction.of(self.spec, outcome, outcome_value, scores)
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
        post_treatment: PostTreatment = "hide",
        noise: float = 0.0,
        noise_coupling: NoiseCoupling = "shared",
        exclusion: float = 0.0,
        text_phrasing: TextPhrasing = "shared",
        cate_contexts: int | None = None,
        cate_draws: int = 0,
        hidden_confounding: bool = False,
        graph: bool = False,
        settings: Sequence[Setting] = SETTINGS,
        block: int = BLOCK,
        progress: OnUnits | None = None,
    ) -> CausalDataset:
        """Make a dataset with both potential outcomes of each unit.

        The outcome is a number, a function of the unit's text: by default log P(outcome =
        ``spec.outcome_value`` | parents) in the world where the treatment is set (paper, section
        4). It is consistent: the observed outcome is the potential outcome of the treatment
        received. The individual effect depends on how the two worlds of a unit share noise where
        mediators, variables between treatment and outcome, transmit it: no data can tell the
        coupling, and ``coupling="redraw"`` is the comparison. (With ``redraw``, y comes from a
        world with new draws of the mediators.) The CATE given pre-treatment covariates and the
        average effect are the same under every coupling.

        Parameters
        ----------
        n, seed
            Number of units, and the seed of their noise.
        outcome
            ``log-probability`` (natural logarithm) or ``probability`` of one value,
            ``expected-score`` over the values, or the score of the sampled ``category``.
        outcome_value, scores
            The value, and a number for each value; see
            `sdscm.inference.outcome.OutcomeFunction.of`.
        contrast
            Values (control, treated) of the treatment; by default its first two. A treatment with
            more values is drawn from these two only.
        hide
            Exogenous variables that the setting ``hidden`` removes: their number, counted from the
            first in the order tau, or their names; by default all.
        post_treatment
            ``hide``: ``X`` holds pre-treatment covariates only. ``show``: it holds the descendants
            of the treatment, too, and the true CATE is unknown. To adjust for a descendant removes
            the part of the effect that it transmits, or adds bias (Rosenbaum, "The consequences of
            adjustment for a concomitant variable that has been affected by the treatment", 1984).
        noise, noise_coupling
            Standard deviation of Gaussian noise that is added to the potential outcomes, in units
            of the SD(y) of these units without noise. Both outcomes of a unit have the same noise
            (``shared``), or each has its own (``independent``), so that individual effects vary
            where no covariate does. The CATE is the same with and without noise. Without noise, y
            may be an exact function of covariates and treatment. (SD(y) depends on n: with noise, a
            smaller dataset is not exactly the first rows of a larger one.)
        exclusion
            Direct effect of the second value of the instrument on both potential outcomes, in units
            of SD(y) without it: it violates the exclusion restriction, and changes no effect of the
            treatment.
        text_phrasing
            Sentences of the setting ``text``: ``shared`` are those of the phrasing; with ``each``
            every unit has a random phrasing of each sentence.
        cate_contexts
            The true CATE given the covariates of a setting is enumerated if no mechanism has more
            contexts than this. Default: ten for each unit, at least 500 and at most 5,000. With 0
            the CATE is unknown unless it equals the individual effect.
        cate_draws
            If the CATE cannot be enumerated: number of draws for each unit of a weighted Monte
            Carlo estimate (`sdscm.inference.monte_carlo.cate`). With 0 the CATE is unknown.
        hidden_confounding
            If True, enumerate the true strength of hidden confounding in each setting, under the
            limit of ``cate_contexts``; see `sdscm.inference.confounding.HiddenConfounding`.
        graph
            If True, the dataset has the true DAG; see `sdscm.CausalDataset`.
        settings
            The settings that `CausalDataset.setting` can show. ``instrument``, ``text`` and
            ``proxies`` need more than the usual ones: the treatment under each value of the
            instrument, sentences, or the names of proxies.
        block, progress
            As in `sample`.

        Raises
        ------
        InputError
            If an option has an unknown or impossible value.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> data
        <CausalDataset: 200 units of headache, 7 covariates (all), t = 1 is a nap>
        >>> round(data.sate, 3)
        -0.025
        """
        return make_dataset(
            self,
            n,
            seed,
            outcome=OutcomeFunction.of(self.spec, outcome, outcome_value, scores),
            contrast=contrast,
            hide=hide,
            post_treatment=post_treatment,
            noise=noise,
            noise_coupling=noise_coupling,
            exclusion=exclusion,
            text_phrasing=text_phrasing,
            cate_contexts=cate_contexts,
            cate_draws=cate_draws,
            hidden_confounding=hidden_confounding,
            graph=graph,
            settings=settings,
            block=block,
            progress=progress,
        )

    def multi_arm_dataset(
        self,
        n: int,
        seed: int = 0,
        *,
        arms: Sequence[str] | None = None,
        outcome: OutcomeKind = "log-probability",
        outcome_value: str | None = None,
        scores: Mapping[str, float] | None = None,
        hide: int | Sequence[str] | None = None,
        noise: float = 0.0,
        noise_coupling: NoiseCoupling = "shared",
        cate_contexts: int | None = None,
        cate_draws: int = 0,
        block: int = BLOCK,
        progress: OnUnits | None = None,
    ) -> MultiArmDataset:
        """Make a dataset with the potential outcome of each unit under each of several arms.

        The potential outcomes of a unit share its noise as in `dataset`. With two arms the data are
        the same as those of `dataset` with this contrast.

        Parameters
        ----------
        n, seed
            As in `dataset`.
        arms
            Values of the treatment, the reference first; by default all, in their order in the
            spec. The treatment is drawn from these only.
        outcome, outcome_value, scores, hide, noise, noise_coupling
            As in `dataset`.
        cate_contexts, cate_draws, block, progress
            As in `dataset`.

        Raises
        ------
        InputError
            If an option has an unknown or impossible value.

        Examples
        --------
        >>> model = sdscm.SDSCM("commute", "tabular:0")
        >>> data = model.multi_arm_dataset(200, arms=["by car", "by bus", "by bike"])
        >>> data.arms
        ('by car', 'by bus', 'by bike')
        >>> data.sates.round(2).tolist()
        [0.18, 0.26]
        """
        return make_multi_arm_dataset(
            self,
            n,
            seed,
            outcome=OutcomeFunction.of(self.spec, outcome, outcome_value, scores),
            arms=arms,
            hide=hide,
            noise=noise,
            noise_coupling=noise_coupling,
            cate_contexts=cate_contexts,
            cate_draws=cate_draws,
            block=block,
            progress=progress,
        )
