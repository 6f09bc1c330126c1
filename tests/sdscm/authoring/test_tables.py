"""A table becomes a spec: values, shares and arrows are those of its columns."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdscm.authoring.tables import column_of, spec_from_table
from sdscm.errors import InputError
from sdscm.spec import spec_from_yaml


def table(n=200):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(20, 80, n),
            "married": rng.integers(0, 2, n).astype(bool),
            "city": rng.choice(["Rome", "Oslo", "Bern"], n, p=[0.6, 0.3, 0.1]),
            "drug": rng.integers(0, 2, n),
            "re78": rng.gamma(2, 3000, n),
        }
    )


def test_each_column_is_a_variable_with_the_shares_of_its_values():
    data = table()
    spec = spec_from_yaml(spec_from_table(data, "jobs", "drug", "re78", exogenous=["city"]), "jobs")
    assert [each.role for each in map(spec.variable, spec.order)] == [
        *("covariate", "covariate", "exogenous", "treatment", "outcome")
    ]
    city = spec.variable("city")
    assert city.values == ("Bern", "Oslo", "Rome")
    shares = data["city"].value_counts(normalize=True)
    assert city.distribution == pytest.approx([shares[each] for each in city.values], abs=1e-4)
    assert spec.variable("married").values == ("no", "yes")
    assert spec.treatment.values == ("no", "yes")
    assert spec.parents("re78") == ("age", "married", "city", "drug")
    assert len(spec.outcome.phrasings) == 20
    assert spec.phrased(0).sentence("city", 1) == "The city is Oslo."


def test_numbers_are_cut_at_quantiles():
    column = column_of(pd.Series(np.arange(1000.0), name="income"))
    assert column.values == (
        *("below 250", "from 250 to below 500", "from 500 to below 749", "749 or more"),
    )
    assert column.shares == pytest.approx([0.25, 0.25, 0.249, 0.251])


def test_rare_categories_are_joined_and_gaps_are_a_value():
    values = pd.Series(["a"] * 60 + ["b"] * 30 + ["c", "d", "e"] + [None] * 7, name="kind")
    column = column_of(values)
    assert column.values == ("a", "b", "another one", "not known")
    assert column.shares == pytest.approx([0.6, 0.3, 0.03, 0.07])


def test_ordered_categories_keep_their_order():
    values = pd.Categorical(["high", "low", "middle"] * 5, ["low", "middle", "high"], ordered=True)
    assert column_of(pd.Series(values, name="level")).values == ("low", "middle", "high")


def test_a_graph_gives_the_arrows_and_leaves_columns_out():
    graph = nx.DiGraph([("age", "drug"), ("drug", "re78")])
    spec = spec_from_yaml(spec_from_table(table(), "x", "drug", "re78", graph=graph), "x")
    assert set(spec.graph.edges) == set(graph.edges)
    assert spec.variable("drug").distribution == "lm"


@pytest.mark.parametrize(
    ("change", "treatment", "problem"),
    [
        (lambda t: t, "drugs", "the table has no column 'drugs'; did you mean 'drug'"),
        (lambda t: t, "city", "the treatment has the values Bern, Oslo, Rome"),
        (lambda t: t.assign(age=1.0), "drug", "column 'age' has one value only"),
        (lambda t: t.assign(age=np.nan), "drug", "column 'age' has no value"),
        (lambda t: t.assign(age=pd.Timestamp("2020")), "drug", "column 'age' holds dates"),
        (lambda t: t.assign(age=[[1]] * len(t)), "drug", "column 'age' holds lists"),
        (lambda t: t.assign(age=[np.inf, *range(199)]), "drug", "column 'age' holds infinity"),
        (
            lambda t: t.assign(
                age=pd.date_range("2020-01-01", periods=len(t)).astype(str), married=True
            ),
            "drug",
            "column 'age' has 200 different values, each of them rare; leave it out, or join them. "
            "column 'married' has one value only; leave it out",
        ),
    ],
)
def test_a_table_that_makes_no_spec_is_one_line(change, treatment, problem):
    with pytest.raises(InputError, match=problem):
        spec_from_table(change(table()), "x", treatment, "re78")


def test_columns_that_are_not_named_are_left_out():
    data = table().assign(visit=pd.Timestamp("2020"))
    text = spec_from_table(data, "x", "drug", "re78", covariates=["age"], exogenous=["city"])
    assert spec_from_yaml(text, "x").parents("re78") == ("age", "city", "drug")


@pytest.mark.parametrize(
    ("outcome", "value"),
    [(["yes", "no"] * 100, "yes"), ([1, 2, 3, None] * 50, "3"), (range(200), "149 or more")],
)
def test_a_larger_y_means_a_larger_outcome(outcome, value):
    data = table().assign(re78=list(outcome))
    assert spec_from_yaml(spec_from_table(data, "x", "drug", "re78"), "x").outcome_value == value


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(-1e12, 1e12),
    st.text(max_size=6),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=40))
def test_any_column_is_a_domain_or_one_line(cells):
    try:
        column = column_of(pd.Series(cells, name="c"))
    except InputError:
        return
    assert len(set(column.values)) == len(column.values) == len(column.shares)
    assert sum(column.shares) == pytest.approx(1)
    assert all(share > 0 for share in column.shares)
    assert all(value.strip() for value in column.values)
