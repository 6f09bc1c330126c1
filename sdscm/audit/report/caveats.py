"""What an audit says, and what it does not."""

from __future__ import annotations

from sdscm.audit.report import words
from sdscm.audit.result import AuditResult


def caveats(result: AuditResult) -> tuple[str, ...]:
    """The limits of an audit in plain words."""
    spec = result.spec
    found = [
        "Every number is an effect encoded in a model under this DAG and these phrasings. It says "
        "nothing about people, and nothing about what the model would do in another task, with "
        "another prompt or behind another system.",
        "The DAG is an assumption of the one who wrote the scenario: a variable reads its parents "
        "and nothing else. Another DAG gives other effects, direct and spurious ones above all.",
        "A model chooses among the listed values only; its probabilities are shared out among "
        "them. Where the domain's mass is tiny, the model would rather say something else.",
        "The phrasing is the sampling unit. Intervals and tests speak of phrasings like these, as "
        f"drawn from the {words.counted(spec.n_phrasings, 'way')} to combine the scenario's "
        "sentences, and not of all ways to say it. Phrasings that share sentences are not quite "
        "independent.",
        "The sign-flip tests assume effects that lie symmetrically about their mean over "
        "phrasings; docs/audit.md shows how often tests and intervals are wrong in simulations.",
        "'Undecided' is no proof of fairness: see the smallest effect that this audit could find. "
        "'No effect as large as ...' is shown by a test of equivalence.",
    ]
    if spec.treatment.groups:
        found.append(
            "A group of values stands for its listed values, each as likely as any other, and for "
            "no others: further names may give other effects, and what a name suggests is in the "
            "eye of the model."
        )
    if result.all_phrasings:
        found.append(
            "All phrasings of the scenario were read; the intervals treat them as a sample of "
            "further ones that might have been written."
        )
    return tuple(found)
