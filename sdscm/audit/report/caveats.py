"""Caveats: the limits of an audit."""

from __future__ import annotations

from sdscm.audit.result import AuditResult
from sdscm.number_format import counted


def caveats(result: AuditResult) -> tuple[str, ...]:
    """List the limits of an audit as sentences."""
    spec = result.spec
    found = [
        "Every number is an effect encoded in a model under this DAG and these phrasings. It says "
        "nothing about people, and nothing about what the model would do in another task, with "
        "another prompt or behind another system.",
        "The DAG is an assumption of the scenario's author: a variable depends on its parents "
        "only. Another DAG gives other effects, especially other direct and spurious effects.",
        "A model chooses among the listed values only; its probabilities are normalised over "
        "them. Where the mass of the domain is tiny, the model prefers other texts.",
        "The phrasing is the sampling unit. Intervals and tests hold for phrasings like these, "
        f"drawn from the {counted(spec.n_phrasings, 'combination')} of the scenario's "
        "sentences, and not for all possible wordings. Phrasings that share sentences are not "
        "fully independent.",
        "The sign-flip tests assume effects that are symmetric about their mean over phrasings; "
        "docs/explanation/audit-statistics.md shows how often tests and intervals are wrong in "
        "simulations.",
        "'Undecided' does not prove fairness: see the smallest effect that this audit can detect. "
        "'No effect as large as ...' comes from a test of equivalence.",
    ]
    if spec.treatment.groups:
        found.append(
            "A group of values means its listed values with equal weights, and no others: further "
            "names may give other effects, and what a name suggests depends on the model."
        )
    if result.all_phrasings:
        found.append(
            "All phrasings of the scenario were scored; the intervals treat them as a sample of "
            "all phrasings that authors might write."
        )
    return tuple(found)
