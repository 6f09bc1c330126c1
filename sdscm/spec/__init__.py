"""Specifications: the text variables of an SD-SCM, their domains, sentences, and DAG.

A spec is written by hand in YAML::

    name: my_study
    title: Does the drug help?            # optional, as are description and source
    variables:
      - name: age
        role: exogenous                   # exogenous, covariate, treatment, or outcome
        values: [young, old]
        phrasings:                        # one or more; each holds {value} exactly once
          - "The patient who arrives is {value}."
      - name: drug
        role: treatment
        values: [placebo, statin]         # the control first, the treated value second
        parents: [age]                    # optional: no parents
        distribution: lm                  # optional: lm (default), uniform, or fixed weights
        phrasings: ["The doctor prescribes a {value}."]
      - name: state
        role: outcome
        values: [recovers, worsens]
        parents: [age, drug]
        phrasings: ["In the end the patient {value}."]
    outcome_value: recovers               # optional: the first value of the outcome

A variable may name ``groups`` of its values, which an audit contrasts:
``groups: {women: [Ann, Eve], men: [Tom, Bob]}``.

Fixed weights are a list in the order of the values, ``[0.3, 0.7]``, or a mapping,
``{young: 0.3, old: 0.7}``. Numbers are read as text, unchanged: ``1.50`` is "1.50".

Each phrasing of a variable is another sentence. Braces other than ``{value}`` are refused, except
in formulas such as ``x^{2}``. If they belong to the text, write the phrasing as a mapping, which is
taken as it is: ``{prefix: "The set {0} has ", suffix: " elements."}``.

The JSON format of the reference code is read as well (``sdscm.spec.original``).
"""

from typing import TYPE_CHECKING

from sdscm.lazy import lazy_names

if TYPE_CHECKING:
    from sdscm.spec.files import load_spec as load_spec
    from sdscm.spec.files import scenario_names as scenario_names
    from sdscm.spec.files import spec_from_yaml as spec_from_yaml
    from sdscm.spec.model import PhrasedSpec as PhrasedSpec
    from sdscm.spec.model import Spec as Spec
    from sdscm.spec.phrasing import Phrasing as Phrasing
    from sdscm.spec.variable import Role as Role
    from sdscm.spec.variable import Variable as Variable
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "sdscm.spec.files": ["load_spec", "scenario_names", "spec_from_yaml"],
            "sdscm.spec.model": ["Spec", "PhrasedSpec"],
            "sdscm.spec.variable": ["Variable", "Role"],
            "sdscm.spec.phrasing": ["Phrasing"],
        },
    )
