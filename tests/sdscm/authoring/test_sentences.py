"""Candidates of new sentences: each bad kind is dropped for its own reason."""

from __future__ import annotations

import numpy as np
import pytest

from sdscm.authoring.proposals import LEAST_SHARE, MassCheck, proposals
from sdscm.authoring.sentences import FAULTS, FRAMES, framed, more_sentences
from sdscm.errors import InputError
from sdscm.lm import Choice, TabularLM
from sdscm.spec import Variable, load_spec, scenario_names, spec_from_yaml

DRINK = Variable.model_validate(
    {
        "name": "drink",
        "role": "covariate",
        "values": ["orange juice", "tea"],
        "phrasings": {"tuning": ["At noon she had {value}."], "scored": ["She took {value}."]},
    }
)


class Scripted(TabularLM):
    """A language model that proposes the lines of a script, and counts its calls."""

    def __init__(self, lines, table=lambda choice: np.ones(len(choice.values))):
        super().__init__(table)
        self.lines = list(lines)
        self.calls = []

    def generate(self, prompt, begin, *, count, tokens, seed):
        self.calls.append((prompt, begin, count, seed))
        return [self.lines.pop(0) for _ in range(min(count, len(self.lines)))]


def templates(phrasings):
    return [each.template for each in phrasings]


def test_a_scripted_model_has_each_bad_candidate_dropped_for_its_own_reason():
    bad = {
        "She took tea.": "no place for the value",
        "She took {value} and {value}.": "2 times",
        "{who} took {value}.": "the only field",
        "she took the {value}.": "same as another",
        "At noon, she had the {value}!": "same as another",
        "Later she drank {value}": "does not end",
        "Later she\x1b[31m drank {value}.": "not text",
        "later she drank {value}.": "capital",
        "{value} was what she drank.": "capital",
        "Did she drink {value}?": "asks",
        "She sat. Then she drank {value}.": "one sentence",
        "She drank{value}.": "touch",
        "She drank {value}s.": "touch",
        "She drank {value} with her friends in the old town.": "goes on",
        "She drank a {value}.": "'a' for 'an'",
        "She drank an {value}.": "'a' for 'an'",
        "She drank the the {value}.": "word twice",
        "She drank  {value}.": "blank",
        "She drank {value} .": "blank",
        "She drank tea or {value}.": "one of the values",
        "She did not drink {value}.": "denies",
        "She didn't drink {value}.": "denies",
    }
    good = ["Later she drank {value}.", 'She said: "I drank {value}."']
    lm = Scripted([*(f"- {each}" for each in bad), *(f"{n}. {g}" for n, g in enumerate(good))])
    kept, dropped = more_sentences(DRINK, proposals(DRINK, lm, 100), 100)
    assert templates(kept) == ["She took {value}.", *good]
    assert [each.sentence for each in dropped] == list(bad)
    for each in dropped:
        assert bad[each.sentence] in each.reason, each


def test_a_fault_of_the_variables_own_sentences_is_no_reason():
    own = DRINK.model_copy(update={"phrasings": [*DRINK.phrasings, "she drank  {value}"]})
    own = Variable.model_validate(dict(own))
    kept, dropped = more_sentences(own, ["later  she had {value}", "Had she {value}?"], 9)
    assert templates(kept[2:]) == ["later  she had {value}"]
    assert [each.reason for each in dropped] == ["asks, and does not state"]


def test_most_sentences_written_by_hand_have_no_fault():
    """But pairs of sentences, and those that name two values: people write a few of these."""
    variables = [each for name in scenario_names() for each in load_spec(name).variables]
    own = [(p, v) for v in variables for p in (*v.phrasings, *v.tuning)]
    assert len(own) > 1000
    for find, reason in FAULTS:
        found = [p for p, v in own if any(find(p, value) for value in v.values)]
        few = 0.06 if " one " in reason else 0.01
        assert len(found) < few * len(own), (reason, found)


@pytest.mark.parametrize("name", scenario_names())
def test_frames_of_shipped_sentences_have_no_fault(name):
    for variable in load_spec(name).variables:
        first = variable.phrasings[0].template
        _, dropped = more_sentences(variable, framed(first), 1000)
        assert {each.reason for each in dropped} <= {"says the same as another one"}, dropped
        assert len(framed(first)) == len(FRAMES)


def test_a_model_is_not_called_before_its_sentences_are_needed():
    lm = Scripted(
        f"She drank {word} {{value}}." for word in ["some", "more", "warm", "cold", "much", "good"]
    )
    kept, _ = more_sentences(DRINK, proposals(DRINK, lm, 30), 4)
    assert len(kept) == 4
    assert [(count, seed) for _, _, count, seed in lm.calls] == [(8, 0)]
    prompt, begin, _, _ = lm.calls[0]
    assert "orange juice, tea" in prompt
    assert begin == "- She took {value}.\n- At noon she had {value}.\n-"
    lm = Scripted([])
    assert list(proposals(DRINK, lm, 20)) == []
    assert [(count, seed) for _, _, count, seed in lm.calls] == [(8, 0), (8, 1), (4, 2)]


def test_a_model_that_writes_no_text_is_one_line():
    with pytest.raises(InputError, match="language model 'tabular' writes no text"):
        list(proposals(DRINK, TabularLM(lambda choice: np.ones(2)), 8))


SPEC = """\
name: small
variables:
  - {name: age, role: exogenous, values: [young, old], distribution: [0.5, 0.5],
     phrasings: ["She is {value}."]}
  - {name: drug, role: treatment, values: [placebo, statins], parents: [age],
     phrasings: ["She takes {value}.", "She swallows {value}.", "Rarely she takes {value}."]}
  - {name: state, role: outcome, values: [recovers, worsens], parents: [age, drug],
     phrasings: ["In the end she {value}."]}
"""


def test_the_mass_of_a_sentence_is_the_mean_over_the_contexts_of_sampled_units():
    """Masses by hand: 0.4 after young, 0.2 after old, times a factor of the sentence."""
    factors = {"She takes ": 1, "She swallows ": 0.5, "Rarely she takes ": 1e-3, "Odd ": 0.01}

    def table(choice: Choice):
        assert choice.prefix not in ("She is ", "In the end she ") or len(choice.context) != 1
        mass = 0.2 if "old" in "".join(choice.context) else 0.4
        return np.array([0.25, 0.75]) * mass * factors.get(choice.prefix, 1)

    spec = spec_from_yaml(SPEC, "small")
    drug = spec.variable("drug")
    check = MassCheck(spec, TabularLM(table))
    masses = check.masses(drug, drug.phrasings)
    assert masses == pytest.approx(masses[0] * np.array([1, 0.5, 1e-3]))
    shares = (masses[0] - 0.2) / 0.2  # of the units that are young
    assert 0 < shares < 1
    assert shares * 8 == pytest.approx(round(shares * 8))
    # The median of the own sentences is that of the second one.
    least = LEAST_SHARE * masses[1]
    assert 0.01 * masses[0] < least < 0.5 * masses[0]
    kept, dropped = more_sentences(drug, ["Odd {value}.", "Even {value}."], 9, check.of(drug))
    assert templates(kept[3:]) == ["Even {value}."]
    assert f"{0.01 * masses[0]:.1e} of its probability" in dropped[0].reason
    assert f"{masses[1]:.1e} after the other" in dropped[0].reason


def test_the_embedded_model_writes_the_same_lines_again(embedded_lm):
    """And the global generator of PyTorch is left alone."""
    import torch

    before = torch.get_rng_state()
    ask = {"prompt": "Say more.", "begin": "- She took {value}.\n-", "count": 3, "tokens": 12}
    lines = embedded_lm.generate(**ask, seed=0)
    assert len(set(lines)) == 3
    assert embedded_lm.generate(**ask, seed=0) == lines
    assert embedded_lm.generate(**ask, seed=1) != lines
    assert not any("\n" in each for each in lines)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(each.strip() for each in proposals(DRINK, embedded_lm, 2))
