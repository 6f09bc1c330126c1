"""Record an audit as JSON."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_jsonable_python

from sdscm.audit.finding import Finding
from sdscm.audit.report.prompts import example, prompt
from sdscm.audit.result import AuditResult

FORMAT = 1
_OPTIONS = ("method", "units", "panel", "seed", "temperature", "scoring", "max_contexts")


def record(result: AuditResult) -> dict[str, Any]:
    """Convert an audit to dictionaries and lists, with None for missing or non-finite numbers.

    The spec and the phrasing numbers determine every prompt.
    """
    spec = result.spec
    plain = {
        "format": FORMAT,
        "claim": "effects encoded in the models under this DAG and these phrasings",
        "about": dict(result.about),
        "spec": {"content_hash": spec.content_hash, **spec.model_dump(mode="json")},
        "treatment": spec.treatment.name,
        "outcome": spec.outcome.name,
        "mediators": result.mediators,
        "models": [
            vars(model)
            | {"facts": [vars(each) | {"warnings": each.problems} for each in model.facts]}
            for model in result.models
        ],
        "settings": {
            "level": result.level,
            "smallest_effect": result.smallest,
            **{name: getattr(result.plan, name) for name in _OPTIONS},
            "resamples": result.inference.resamples,
        },
        "versions": dict(result.versions),
        "all_phrasings": result.all_phrasings,
        "phrasings": [
            {"number": number, "prompt": prompt(spec, number)} for number in result.phrasings
        ],
        "example": example(spec, result.phrasings[0]),
        "findings": [_finding(each, result) for each in result.findings],
        "differences": [_finding(each, result) for each in result.differences],
        "means": result.means,
        "rates": [
            {
                "model": each.finding.model,
                "measure": each.finding.measure.label,
                "control": each.finding.control,
                "treated": each.finding.treated,
                "rate_control": each.means[0],
                "rate_treated": each.means[1],
                "ratio": each.ratio,
                "phrasings_below_four_fifths": each.below,
            }
            for each in result.rates()
        ],
        "placebo": result.placebo,
        "controls": [
            {
                "kind": each.kind,
                "expected": each.expected,
                "passed": each.passed,
                "finding": _finding(each.finding, result),
            }
            for each in result.controls
        ],
    }
    found: dict[str, Any] = to_jsonable_python(plain, inf_nan_mode="null")
    return found


def _finding(found: Finding, result: AuditResult) -> dict[str, Any]:
    return {
        "model": found.model,
        "against": found.against or None,
        "control": found.control,
        "treated": found.treated,
        "measure": {"label": found.measure.label, **vars(found.measure)},
        "estimand": {"label": found.estimand.label, **vars(found.estimand)},
        "mean": found.mean,
        "interval": found.interval,
        "agreement": found.agreement,
        "exact": found.exact,
        "verdict": found.verdict(1 - result.level),
        "tests": found.tests,
        "variance_split": found.split,
        "refusal": found.refusal or None,
        "effects": found.effects,
    }
