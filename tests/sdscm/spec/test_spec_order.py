"""The order tau and the relatives in random graphs, against their definitions."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from sdscm.spec import Spec, Variable


def _spec(parents: dict[str, list[str]]) -> Spec:
    roles = dict.fromkeys(parents, "covariate")
    first, second, *_ = parents
    roles |= {first: "treatment", second: "outcome"}
    return Spec(
        name="random",
        variables=tuple(
            Variable(
                name=name,
                role=roles[name],
                values=("a", "b"),
                parents=tuple(those),
                phrasings=(f"{name} is {{value}}.",),
            )
            for name, those in parents.items()
        ),
    )


@st.composite
def graphs(draw: st.DrawFn, largest: int = 8) -> dict[str, list[str]]:
    """A random DAG whose variables are in the file in any order."""
    size = draw(st.integers(2, largest))
    causal = draw(st.permutations([f"v{index}" for index in range(size)]))
    parents = {
        name: draw(st.lists(st.sampled_from(causal[:place]), unique=True)) if place else []
        for place, name in enumerate(causal)
    }
    return {name: parents[name] for name in draw(st.permutations(causal))}


@given(graphs())
def test_parents_precede_children(parents) -> None:
    order = _spec(parents).order
    assert sorted(order) == sorted(parents)
    for child, those in parents.items():
        assert all(order.index(parent) < order.index(child) for parent in those)


@given(graphs())
def test_order_is_stable(parents) -> None:
    spec = _spec(parents)
    assert _spec({name: parents[name] for name in spec.order}).order == spec.order
    assert _spec({name: those[::-1] for name, those in parents.items()}).order == spec.order


@settings(max_examples=40)
@given(graphs(largest=5))
def test_order_is_the_smallest_by_place_in_the_file(parents) -> None:
    names = list(parents)
    topological = [
        places
        for places in permutations(range(len(names)))
        if all(
            places.index(names.index(parent)) < places.index(names.index(child))
            for child, those in parents.items()
            for parent in those
        )
    ]
    assert _spec(parents).order == tuple(names[place] for place in min(topological))


@given(graphs())
def test_relatives(parents) -> None:
    spec = _spec(parents)

    def ancestors(name: str) -> set[str]:
        return set(parents[name]).union(*(ancestors(parent) for parent in parents[name]))

    for name in parents:
        assert spec.parents(name) == tuple(one for one in spec.order if one in parents[name])
        assert set(spec.ancestors(name)) == ancestors(name)
        assert set(spec.descendants(name)) == {one for one in parents if name in ancestors(one)}
        assert list(spec.descendants(name)) == sorted(spec.descendants(name), key=spec.order.index)


@given(graphs(), st.randoms())
def test_hash_does_not_depend_on_how_parents_are_listed(parents, random) -> None:
    shuffled = {name: random.sample(those, len(those)) for name, those in parents.items()}
    assert _spec(shuffled).content_hash == _spec(parents).content_hash
