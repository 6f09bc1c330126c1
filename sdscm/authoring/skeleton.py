"""The commented skeleton of a new spec."""

from __future__ import annotations

_SKELETON = """\
# A spec: text variables, the graph between them, and sentences that state their values. A language
# model gives each variable's distribution given the sentences of its parents.
#   sdscm spec check FILE      every problem of the file at once
#   sdscm spec phrase FILE     more sentences for each variable
#   sdscm inspect FILE         the data that it makes
name: {name}
title: Tea and sleep # one line
description: >-
  Who the units are, what the treatment and the outcome are, and what confounds them.

variables:
  # Exogenous variables are drawn first. The setting 'hidden' does not show them to the estimators.
  - name: stress
    role: exogenous
    values: [calm, busy]
    distribution: uniform # or one weight for each value: [0.7, 0.3]; without the key, the model's
    phrasings: # sentences of the same meaning; {{value}} stands for the value
      - "Her day was {{value}}."
      - "That day had been {{value}}."

  # Covariates are shown to the estimators, if the treatment does not change them.
  - name: age
    role: covariate
    values: [young, old]
    phrasings:
      - "She is {{value}}."
      - "She is a woman who is {{value}}."

  # The first value is the control, the second the treated value.
  - name: drink
    role: treatment
    values: [water, tea]
    parents: [stress, age]
    phrasings:
      - "In the evening she drinks {{value}}."
      - "Before bed she has {{value}}."

  # y is the log-probability of the first value (or of 'outcome_value: ...' at the top of the file).
  - name: sleep
    role: outcome
    values: [well, badly]
    parents: [stress, drink]
    phrasings:
      - "That night she sleeps {{value}}."
      - "In bed she rests {{value}}."
"""


def skeleton(name: str) -> str:
    """The YAML text of a small spec that works, with comments, for a new one of that name."""
    return _SKELETON.format(name=name)
