"""Damaged inputs of every kind: the right thing, or exit code 2 and one line, within ten seconds.

The tests take ``SDSCM_FUZZ_MINUTES`` in all (30 by default), each the same share.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, Phase, event, given, seed, settings
from hypothesis import strategies as st

import sdscm
from benchmarks.cli import main
from sdscm.data.dataset import CausalDataset
from sdscm.lm import Choice, TabularLM
from sdscm.spec import scenario_names

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_figures", "limits")]

MINUTES = float(os.environ.get("SDSCM_FUZZ_MINUTES", "30"))
TESTS = 9
SECONDS = 10
#: Bytes of address space, so that an input that asks for all memory harms no other process.
MEMORY = 16 << 30

#: Words of Python that no message for a person has.
RAW = ["NoneType", "object has no", "unhashable", "not supported between", "not subscriptable"]
RAW += ["unexpected keyword", "out of range", "dtype(", "ufunc", "Traceback", "<class", "object at"]


#: Commands that have run.
imported: set[str] = set()


class HangError(BaseException):
    """No handler of ``Exception`` catches it."""


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bound the memory, let the alarms raise, and draw no figure."""
    monkeypatch.setattr("benchmarks.report.figure._png", lambda *_: b"")

    def late(number: int, frame: object) -> None:
        raise HangError

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))
    signals = {each: signal.signal(each, late) for each in (signal.SIGPROF, signal.SIGALRM)}
    yield
    for each, before in signals.items():
        signal.signal(each, before)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def ran(arguments: list[str]) -> tuple[int, str]:
    """Run a command: exit code and standard error.

    The limit is in seconds of the processor, since others may use it too, and twelve times as long
    on the clock. The first run of a command imports libraries and has no limit.
    """
    err = io.StringIO()
    limit = SECONDS * (arguments[0] in imported)
    imported.add(arguments[0])
    signal.setitimer(signal.ITIMER_PROF, limit)
    signal.setitimer(signal.ITIMER_REAL, 12 * limit)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
            code = main(arguments)
    except HangError:
        pytest.fail(f"{arguments}: takes more than {SECONDS} s\n{err.getvalue()}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return code, err.getvalue()


def run_and_check(arguments: list[str], names: list[str], out: Path, raw: list[str] = RAW) -> int:
    """Run a command, check what it says and leaves, and return its exit code.

    Parameters
    ----------
    names
        Texts of which an error's line holds one: what is wrong must be told.
    out
        File or folder of the results.
    """
    code, err = ran(arguments)
    event(f"exit code {code}")
    left = [path for path in [out, *out.rglob("*")] if path.is_file()]
    if code == 0:
        assert left or "--no-lm" in arguments
        return code
    check_message(arguments, code, err, names, raw)
    assert not left
    return code


def check_message(
    arguments: list[str], code: int, err: str, names: list[str], raw: list[str] = RAW
) -> None:
    if code != 2:
        pytest.fail(f"exit code {code}: {err}\n{ran([*arguments, '--debug'])[1]}")
    line = err.splitlines()[-1]
    assert err.endswith("\n")
    assert line.startswith("error: ")
    assert sum(each.startswith("error: ") for each in err.splitlines()) == 1, err
    assert line.isprintable(), ascii(line)
    assert len(line) < 1500, line
    assert any(name in line for name in names), line
    assert not any(word in line for word in raw), line


def fuzz(strategy: st.SearchStrategy[Any], check: Callable[[Any, Path], None]) -> None:
    """Check examples until the time of a test is over: the same ones on each machine."""
    end = time.monotonic() + 60 * MINUTES / TESTS
    for number in count():

        @seed(number)
        @settings(
            max_examples=100,
            derandomize=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def examples(example: Any) -> None:
            folder = Path(tempfile.mkdtemp(prefix="fuzz"))
            try:
                check(example, folder)
            finally:
                shutil.rmtree(folder)

        examples()
        if time.monotonic() > end:
            break


# --- mutations of trees and texts -------------------------------------------------------------

WORDS = ["", " ", "x", "yes", "{value}", "{value} {value}", "a" * 3000, "\0", "\x1b[31m", "\ud83d"]
WORDS += ["\U0001f600", "e\u0301", "\u202e", "\ufeff", "\u2028", "a\nb", "NaN", "None", "=", "<<"]
WORDS += ["~", "*a", "1", "2020", "lm", "uniform", "../x", "/", "*", "[", "a, b", "name", "t", "y"]
JUNK = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.sampled_from([None, True, False, 0, 1, -1, 2, 3, 10**12, 2**63, -(10**30), 10**400]),
    st.sampled_from([0.0, -0.0, 0.5, 1.5, -2.5, 1e-320, 1e308, float("inf"), float("nan")]),
    st.sampled_from([[], {}, [[]], [None], {"a": 1}, {"name": "x"}, ["a", "a"], (1, 2), {3: 4}]),
    st.sampled_from([{None: 1}, {True: 1}, {1.5: 2}, b"\xff", b"", {"x"}]),
    st.dates(),
    st.datetimes(),
)
TOKENS = ["&a ", "*a", "<<: *a\n", "!!set ", "!!binary ", "!!timestamp ", "!!float ", "!!int "]
TOKENS += ["!!python/object:os.system ", "!x ", "? ", "- ", ": ", ":", "{", "}", "[", "]", "'"]
TOKENS += ['"', "|\n", ">", "%YAML 9.9\n", "---\n", "...\n", "\t", "\0", "\ufeff", "\u2028", "\r"]
TOKENS += ["~", "=", ".inf", "1e999", "9" * 500, "0o8", "12:30:45", "2020-13-45", "\\", "#", "\x85"]
TOKENS += ["\ud800", "yes", "null", ", ", "\n", "  ", "é", "\U0001f600", "0x", "{value}", "-1"]


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Each container in a tree with each of its keys."""
    if isinstance(tree, dict | list):
        for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
            yield tree, key
            yield from places(tree[key])


@st.composite
def trees(draw: Any, base: Any, junk: st.SearchStrategy[Any] = JUNK) -> Any:
    """A tree of YAML or JSON with up to three changes."""
    tree = copy.deepcopy(base)
    junk = junk.map(copy.deepcopy)  # a later change may change it
    for _ in range(draw(st.integers(0, 3))):
        known = list(places(tree))
        if not known:
            break
        inside, key = draw(st.sampled_from(known))
        change = draw(st.sampled_from(["junk", "junk", "remove", "add", "move", "wrap", "rename"]))
        if change == "remove":
            del inside[key]
        elif change == "wrap":
            inside[key] = draw(st.sampled_from([[inside[key]], {"name": inside[key]}]))
        elif change == "move":
            other, name = draw(st.sampled_from(known))
            with contextlib.suppress(LookupError):
                if not any(inside is each for each, _ in places([other[name]])):
                    inside[key] = other[name]
        elif isinstance(inside, list):
            value = draw(junk) if change in ("junk", "rename") else copy.deepcopy(inside[key])
            inside[key : key + (change != "add")] = [value]
        elif change == "junk":
            inside[key] = draw(junk)
        else:
            name = draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=4)))
            inside[name] = inside.pop(key) if change == "rename" else draw(junk)
    return tree


@st.composite
def texts(draw: Any, base: str, tokens: list[str] = TOKENS) -> str:
    """A text with up to three changes."""
    text = base
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        stop = start + draw(st.sampled_from([0, 0, 0, 1, 1, 5, 40, 10**6]))
        change = draw(st.sampled_from(["token", "token", "letters", "remove", "line", "twice"]))
        new = ""
        if change == "token":
            new = draw(st.sampled_from(tokens))
        elif change == "letters":
            new = draw(st.text(max_size=4))
        elif change == "line":
            stop = text.find("\n", start) + 1 or len(text)
        elif change == "twice":
            new, stop = text[start : start + draw(st.sampled_from([1, 10, 200]))], start
        text = text[:start] + new + text[stop:]
    return text


@st.composite
def yaml_texts(draw: Any, bases: list[Any]) -> str:
    base = draw(st.sampled_from(bases))
    style = {"default_flow_style": draw(st.sampled_from([None, False, True]))}
    style["allow_unicode"] = draw(st.booleans())
    if draw(st.booleans()):
        return draw(texts(yaml.dump(base, sort_keys=False, **style)))
    return yaml.dump(draw(trees(base)), sort_keys=False, **style)


@st.composite
def damaged(draw: Any, content: bytes) -> bytes:
    """Bytes as they are, or cut, changed, doubled or empty."""
    change = draw(st.sampled_from(["none"] * 4 + ["cut", "flip", "insert", "twice", "empty"]))
    at = draw(st.integers(0, max(len(content) - 1, 0)))
    if change == "cut":
        return content[:at]
    if change == "flip" and content:
        return content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
    if change == "insert":
        return content[:at] + draw(st.binary(max_size=6)) + content[at:]
    if change == "twice":
        return content * 2
    return b"" if change == "empty" else content


def write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


# --- specs ------------------------------------------------------------------------------------

STUDY = """\
name: study
title: Does the statin help?
variables:
  - {name: age, role: exogenous, values: [young, older], distribution: [0.5, 0.5],
     phrasings: ["The patient is {value}.", {prefix: "Here is a ", suffix: " patient."}]}
  - {name: smoker, role: covariate, values: ["no!", "yes"], parents: [age],
     phrasings: ["Does she smoke? Her answer is {value}."]}
  - {name: drug, role: treatment, values: [placebo, statins], parents: [age, smoker],
     phrasings: ["She takes the {value}."]}
  - {name: state, role: outcome, values: [recovers, worsens], parents: [age, smoker, drug],
     phrasings: ["In the end she {value}."]}
outcome_value: worsens
"""


@pytest.fixture
def table_lm(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of any language model, one whose probabilities depend on the lengths of texts."""

    def table(choice: Choice) -> np.ndarray:
        size = len("".join(choice.context))
        return np.array([1 + (3 * size + len(v)) % 7 for v in choice.values], dtype=float)

    for module in (sdscm, sdscm.lm):
        monkeypatch.setattr(module, "load_lm", lambda *_, **__: TabularLM(table))


ORIGINAL: dict[str, Any] = {
    "experiment_name": "small",
    "setup_sequence_sample_space": [
        {
            "possible_prefix_suffix_pairs": [[f"The {name} is ", "."], ["", f" is the {name}."]],
            "candidate_set": ["low", "high"],
            "intervention_choice": None,
            "parent_indices": list(range(place)),
            "exogenous": not place,
            "variable_name": name,
        }
        for place, name in enumerate(["age", "weight", "dose", "risk"])
    ],
    "index_of_intervention": 2,
    "intervention_choices": [0, 1],
    "index_of_outcome": 3,
    "possible_outcome_choices": [0, 1],
}


@st.composite
def specs(draw: Any, shipped: list[Any]) -> tuple[str, str]:
    """The text of a spec, and the suffix of its file."""
    if draw(st.integers(0, 3)):
        return draw(yaml_texts([yaml.safe_load(STUDY)] * 6 + shipped)), ".yaml"
    base = draw(st.sampled_from([ORIGINAL, ORIGINAL, yaml.safe_load(STUDY)]))
    style = {"ensure_ascii": draw(st.booleans()), "default": str, "skipkeys": True}
    if draw(st.integers(0, 3)):
        return json.dumps(draw(trees(base)), **style), ".json"
    return draw(texts(json.dumps(base, indent=1, **style))), ".json"


@pytest.mark.usefixtures("table_lm")
def test_specs() -> None:
    def check(example: tuple[str, str], folder: Path) -> None:
        text, suffix = example
        path, out = folder / f"study{suffix}", folder / "out"
        write(path, text)
        if run_and_check(["inspect", str(path), "--no-lm"], [str(path)], folder / "none"):
            return
        arguments = ["generate", str(path), "--units", "4", "--out", str(out / "data.parquet")]
        words = ["study", "variable", "'", "units"]
        run_and_check(arguments, words, out / "data.parquet")
        arguments = ["audit", str(path), "--no-html", "--no-controls", "--phrasings", "2"]
        arguments += ["--resamples", "100", "--units", "20", "--max-contexts", "20"]
        run_and_check([*arguments, "--out", str(out / "audit")], words, out / "audit")

    fuzz(specs([sdscm.load_spec(each).model_dump(mode="json") for each in scenario_names()]), check)


# --- graphs and tables of which specs are made --------------------------------------------------

DAG = [("age", "drug"), ("age", "state"), ("drug", "state"), ("cause of a", "age")]
GRAPHS = {
    ".dot": [
        'digraph G { rankdir=LR; node [shape=box];\n"cause of a" -> age -> drug;\n'
        "age -> state; subgraph cluster { drug -> state }; drug:n [role=treatment, label=x] }",
        "strict digraph { {age drug} -> state; age -> drug [dir=forward]; a -> age [dir=both] }",
    ],
    ".gml": ["\n".join(nx.generate_gml(nx.DiGraph(DAG)))],
    ".graphml": ["\n".join(nx.generate_graphml(nx.DiGraph(DAG)))],
    ".dagitty": [
        'dag {\nbb="0,0,1,1"\ndrug [exposure,pos="0.1,0.2"]\nstate [outcome]\nU [latent]\n'
        '"cause of a" -> age -> drug->state\nage -> {state m-1}\nage <- U -> state\nm-1 <-> age }'
    ],
}
MARKS = ["->", "<->", "--", "<-", "{", "}", "[", "]", ";", ",", '"', ":", "subgraph s {", ":n:w"]
MARKS += [
    "[dir=back]",
    "[dir=both]",
    "[latent]",
    "[exposure]",
    "[role=outcome]",
    "label=",
    "<",
    ">",
]
MARKS += ["\\", "//", "/*", "#", "node", "edge", "strict ", "graph {", "dag {", "&#0;", "&#55296;"]
MARKS += [
    "&amp;",
    "&x;",
    "<node id='a'/>",
    "]]>",
    "<!--",
    "<!DOCTYPE a>",
    "id 0",
    'label "age"',
    " ",
]
MARKS += ["directed 0", "multigraph 1", "source 9", "1e999", "-", "=", "drug -> age", "age -> age"]
MARKS += [
    "\n",
    "\0",
    "\ud800",
    "\u202e",
    "\U0001f600",
    "\x1b[0m",
    "{value}",
    "{0}",
    "x" * 3000,
    "_",
]
MARKS += ["edgedefault='undirected'", "a -> " * 300, "{" * 300, "[ " * 300, "drug state age"]


@st.composite
def graphs(draw: Any) -> tuple[str, str]:
    """The text of a graph, and the suffix of its file."""
    suffix = draw(st.sampled_from(list(GRAPHS)))
    if draw(st.integers(0, 9)) == 0:
        return draw(st.text()), suffix
    return draw(texts(draw(st.sampled_from(GRAPHS[suffix])), MARKS)), suffix


ROLES = st.sampled_from(
    [[], ["--treatment", "drug"], ["--treatment", "drug", "--outcome", "state"]]
)


def check_made_spec(path: Path, folder: Path) -> None:
    """A spec that a command wrote is read by all others."""
    assert ran(["spec", "check", str(path)])[0] == 0
    for suffix in GRAPHS:
        out = folder / f"back{suffix}"
        arguments = ["spec", "to-graph", str(path), "--out", str(out)]
        if run_and_check(arguments, [str(out)], out) == 0:
            again = ["spec", "from-graph", str(out), "--out", str(folder / f"again{suffix}.yaml")]
            assert ran(again)[0] == 0, ran(again)
    more = folder / "more.yaml"
    arguments = ["spec", "phrase", str(path), "-n", "3", "--out", str(more)]
    assert run_and_check(arguments, [], more) == 0
    old, new = sdscm.load_spec(path), sdscm.load_spec(more)
    assert old.graph.edges == new.graph.edges


def test_graphs() -> None:
    def check(example: Any, folder: Path) -> None:
        (text, suffix), roles = example
        path, out = folder / f"dag{suffix}", folder / "dag.yaml"
        write(path, text)
        arguments = ["spec", "from-graph", str(path), *roles, "--out", str(out)]
        if run_and_check(arguments, [str(path)], out) == 0:
            check_made_spec(out, folder)

    fuzz(st.tuples(graphs(), ROLES), check)


def test_specs_of_tables() -> None:
    def check(example: Any, folder: Path) -> None:
        (content, suffix), outcome, graph = example
        path, out = folder / f"data{suffix}", folder / "data.yaml"
        path.write_bytes(content)
        write(folder / "dag.dot", graph)
        arguments = ["spec", "from-table", str(path), "--treatment", "t", "--outcome", outcome]
        arguments += ["--graph", str(folder / "dag.dot")] if graph else []
        if run_and_check([*arguments, "--out", str(out)], [str(path), "dag.dot"], out) == 0:
            check_made_spec(out, folder)

    arrows = st.one_of(st.just(""), texts("digraph { x -> t -> y; x -> y; town -> y }", MARKS))
    fuzz(st.tuples(tables(), st.sampled_from(["y", "y", "x", "town", "t"]), arrows), check)


# --- tables, mappings and suites ----------------------------------------------------------------

ROWS = 12
TABLE = pd.DataFrame(
    {
        "t": [0, 1] * 6,
        "y": np.linspace(0, 3, ROWS),
        "y1": np.linspace(1, 4, ROWS),
        "y0": np.linspace(0, 3, ROWS) ** 2,
        "effect": [1.0, 2, 3] * 4,
        "share": [0.25, 0.5, 0.75, 0.5] * 3,
        "x": [3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8],
        "town": ["Ulm", "Bonn", "Kiel"] * 4,
    }
)
X = {"covariates": ["x", "town"], "categorical": ["town"], "treatment": "t"}
MAPPINGS: list[dict[str, Any]] = [
    {**X, "outcome": "y"},
    {**X, "outcome": "y", "effect": "effect", "propensity": "share"},
    {**X, "outcome": "y", "ate": 2},
    {**X, "y0": "y0", "y1": "y1", "exogenous": ["town"]},
    {"treatment": "t", "outcome": "y", "categorical": ["town"]},
]
SUITE: dict[str, Any] = {
    "name": "toy",
    "datasets": [{"name": "own", "files": ["*.csv", "*.parquet"], "columns": "columns.yaml"}],
    "settings": ["all"],
    "estimators": ["DiffInMeans", "LinReg"],
    "repetitions": 1,
    "holdout": 0,
    "board": {"resamples": 20},
}
CELLS = [
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(0, 1),
    st.floats(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
    st.sampled_from(["", "NA", "nan", "None", "inf", "1e5", "1,5", "TRUE", "0x1", "2020-01-01"]),
    st.sampled_from([2**63, -(2**70), 10**400, 1e308, 5e-324, 2.0**-1074, 1e39, 16777217]),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
    st.times(),
    st.decimals(allow_nan=False),
    st.complex_numbers(),
    st.binary(max_size=3),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), max_size=2),
]
TYPES = [None, None, "category", "string", "Int64", "boolean", "float32", "float16", "int8", "bool"]
TYPES += ["uint64", "datetime64[us, UTC]", "timedelta64[ms]", "period[M]", "Sparse[float]", "str"]
TYPES += ["complex128", "int64[pyarrow]", "string[pyarrow]", "object", "Float64", "date32[pyarrow]"]
NAMES = [
    "t",
    "y",
    "x",
    "town",
    "",
    " t",
    "T",
    "Unnamed: 0",
    "a\nb",
    "\ud83d",
    "e\u0301",
    "1",
    "n" * 999,
]
NAMES += [
    1,
    None,
    1.5,
    True,
    ("a", "b"),
    "y0",
    "y1",
    "ite",
    "propensity",
    "x=1",
    "index",
    "__index__",
]


@st.composite
def columns(draw: Any, n: int) -> pd.Series:
    kinds = draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=2))
    few = draw(st.lists(st.one_of(kinds), min_size=1, max_size=3))
    values = [few[draw(st.integers(0, len(few) - 1))] for _ in range(n)]
    made = pd.Series(values, dtype=object, index=range(n))
    kind = draw(st.sampled_from([*TYPES, "ordered"]))
    with contextlib.suppress(Exception):
        if kind == "ordered":
            return made.astype(pd.CategoricalDtype(list(dict.fromkeys(values))[::-1], ordered=True))
        return made.infer_objects() if kind is None else made.astype(kind)
    return made


@st.composite
def tables(draw: Any, copies: int = 1) -> tuple[bytes, str]:
    """The bytes of a table, and the suffix of its name."""
    n = draw(st.sampled_from([ROWS * copies] * 6 + [0, 1, 2, 3]))
    frame = pd.concat([TABLE] * copies, ignore_index=True).head(n)
    for _ in range(draw(st.integers(0, 3))):
        change = draw(
            st.sampled_from(["column"] * 4 + ["cell", "remove", "name", "twice", "index"])
        )
        names = list(frame)
        place = draw(st.integers(0, len(names) - 1)) if names else 0
        if not names:
            continue
        if change == "column":
            frame.isetitem(place, draw(columns(n)).set_axis(frame.index))
        elif change == "cell" and n:
            cells = frame.iloc[:, place].astype(object).tolist()
            cells[draw(st.integers(0, n - 1))] = draw(st.one_of(CELLS))
            frame.isetitem(place, pd.Series(cells, frame.index, dtype=object).infer_objects())
        elif change == "remove":
            frame = frame.iloc[:, [i for i in range(len(names)) if i != place]]
        elif change == "name":
            names[place] = draw(st.sampled_from(NAMES))
            frame.columns = pd.Index(names, dtype=object, tupleize_cols=False)
        elif change == "twice":
            frame = pd.concat([frame, frame.iloc[:, [place]]], axis=1)
        elif change == "index" and n:
            values, title = draw(columns(n)), draw(st.sampled_from(["t", "x", None]))
            with contextlib.suppress(NotImplementedError):  # pandas has no such index
                frame.index = pd.Index(values, name=title)
    if draw(st.booleans()):
        raw = io.BytesIO()
        with contextlib.suppress(Exception):
            frame.to_parquet(raw)
            return draw(damaged(raw.getvalue())), ".parquet"
    text = frame.to_csv(
        index=draw(st.booleans()),
        sep=draw(st.sampled_from(",,,,;\t")),
        quoting=draw(st.sampled_from([0, 0, 1])),
    )
    encoding = draw(st.sampled_from(["utf-8"] * 4 + ["utf-8-sig", "utf-16", "latin-1", "cp1252"]))
    return draw(damaged(text.encode(encoding, "replace"))), ".csv"


def run_suite(folder: Path, names: list[str]) -> None:
    arguments = [
        "benchmark",
        str(folder / "suite.yaml"),
        "--data",
        str(folder / "in"),
        "--workers",
        "0",
    ]
    arguments += ["--runs", str(folder / "runs"), "--results", str(folder / "results")]
    run_and_check(arguments, names, folder / "results")
    assert not [path for path in (folder / "runs").rglob("*") if ".tmp" in path.name]


def test_tables() -> None:
    def check(example: Any, folder: Path) -> None:
        (content, suffix), mapping = example
        (folder / "in").mkdir()
        (folder / "in" / f"a{suffix}").write_bytes(content)
        (folder / "in" / "columns.yaml").write_text(yaml.safe_dump(mapping))
        (folder / "suite.yaml").write_text(yaml.safe_dump(SUITE))
        run_suite(folder, [f"a{suffix}", "own"])

    fuzz(st.tuples(tables(), st.sampled_from(MAPPINGS)), check)


#: Options of `sdscm estimate` and `sdscm semisynth`, and more that only the latter has.
ASKED = [
    ["--covariates", "x,town"],
    ["--covariates", "x", "--categorical", "x"],
    ["--covariates", "x,town", "--treated", "0"],
    [],
]
MORE = [
    [],
    ["--exogenous", "town"],
    ["--confounding", "3", "--noise", "0", "--learner", "auto"],
    ["--overlap", "0.3", "--effect", "0", "--bootstrap", "--units", "40", "--replicates", "2"],
    ["--noise", "2", "--noise-coupling", "independent", "--learner", "boosted"],
]


def test_tables_without_a_truth() -> None:
    """`sdscm estimate` and `sdscm semisynth` read tables by the same rule."""

    def check(example: Any, folder: Path) -> None:
        (content, suffix), asked, more = example
        path, out = folder / f"a{suffix}", folder / "made"
        path.write_bytes(content)
        roles = [str(path), "--treatment", "t", "--outcome", "y", *asked]
        arguments = ["estimate", *roles, "--estimators", "DiffInMeans,LinReg"]
        names = [path.name, "--exogenous", "--noise", "noise", "units"]
        code, err = ran(arguments)
        if code:
            check_message(arguments, code, err, names)
        made = ["semisynth", *roles, "--out", str(out), "--learner", "linear", *more]
        after = run_and_check(made, names, out)
        # What cannot be estimated cannot be modelled, either.
        assert after == 2 or code == 0
        for file in out.glob("*.parquet"):
            dataset = CausalDataset.read_parquet(file)
            assert np.isfinite(dataset.y).all()
            assert np.isfinite(dataset.cates["all"]).all()

    strategy = st.tuples(tables(copies=3), st.sampled_from(ASKED), st.sampled_from(MORE))
    fuzz(strategy, check)


def test_mappings() -> None:
    def check(text: str, folder: Path) -> None:
        (folder / "in").mkdir()
        TABLE.to_csv(folder / "in" / "a.csv", index=False)
        write(folder / "in" / "columns.yaml", text)
        (folder / "suite.yaml").write_text(yaml.safe_dump(SUITE))
        run_suite(folder, ["columns.yaml", "a.csv", "own"])

    fuzz(yaml_texts(MAPPINGS), check)


@st.composite
def written(draw: Any, base: bytes) -> bytes:
    """A Parquet file of sdscm with other columns, or other metadata."""
    table = pq.read_table(io.BytesIO(base))
    frame, metadata = table.to_pandas(), dict(table.schema.metadata)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, frame.shape[1] - 1))
        change = draw(st.sampled_from(["column", "column", "remove", "name", "rows"]))
        if change == "column":
            frame.isetitem(place, draw(columns(len(frame))).set_axis(frame.index))
        elif change == "remove" and frame.shape[1] > 1:
            frame = frame.iloc[:, [i for i in range(frame.shape[1]) if i != place]]
        elif change == "rows":
            frame = frame.head(draw(st.integers(0, 3)))
        else:
            other = draw(st.sampled_from(["y0", "t", "X:x", "x", "label:x", "cate:all", "text"]))
            frame.columns = pd.Index([*frame.columns[:place], other, *frame.columns[place + 1 :]])
    for key in metadata:
        if draw(st.booleans()):
            tree = draw(trees(json.loads(metadata[key])))
            metadata[key] = json.dumps(tree, default=str, skipkeys=True).encode()
    raw = io.BytesIO()
    with contextlib.suppress(Exception):
        made = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(made.replace_schema_metadata(metadata), raw)
        return draw(damaged(raw.getvalue()))
    return draw(damaged(base))


@pytest.mark.usefixtures("table_lm")
def test_files_of_sdscm(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    bases = []
    for more in ([], ["--do", "drug=statins"]):
        out = tmp_path / f"{len(more)}.parquet"
        command = ["generate", str(tmp_path / "study.yaml"), "--units", "12", "--out", str(out)]
        assert ran(command + more)[0] == 0
        bases.append(out.read_bytes())

    def check(content: bytes, folder: Path) -> None:
        (folder / "in").mkdir()
        path = folder / "in" / "a.parquet"
        path.write_bytes(content)
        code, err = ran(["inspect", str(path)])
        if code:
            check_message(["inspect", str(path)], code, err, [str(path)])
        entry = {"name": "own", "files": "*.parquet"}
        (folder / "suite.yaml").write_text(yaml.safe_dump(SUITE | {"datasets": [entry]}))
        run_suite(folder, ["a.parquet", "own"])

    fuzz(st.sampled_from(bases).flatmap(written), check)


SCENARIO: dict[str, Any] = {
    "scenario": "study.yaml",
    "lm": {"name": "any", "precision": "float32"},
    "phrasings": [3],
    "replicates": 1,
    "n": [20],
    "dials": {"overlap": 0.5, "effect": [0.5]},
    "temperature": 2.0,
    "outcome": "probability",
    "options": {"coupling": "gumbel"},
    "post_treatment": "hide",
    "dataset": {"noise": 0.5, "noise_coupling": "independent", "outcome_value": "worsens"},
}
BOARD = {"by": ["lm", "setting"], "rank_by": ["pehe_sd"], "level": 0.9, "resamples": 20}
FITTED = ["DiffInMeans", {"name": "LinReg", "label": "OLS", "params": {}, "share": 0.5}]
SUITES: list[Any] = [
    SUITE | {"datasets": [SUITE["datasets"][0] | {"columns": mapping}]} for mapping in MAPPINGS
]
SUITES += [
    SUITE | {"datasets": [SCENARIO], "board": BOARD, "estimators": FITTED, "holdout": 0.3},
    SUITE
    | {
        "datasets": [
            {"simulation": "linear", "n": 30, "covariates": 3, "seeds": [1]},
            {"simulation": "randomised", "n": 30, "name": "other", "replicates": 1},
        ],
        "settings": ["hidden"],
        "encodings": ["one-hot"],
        "title": "Two designs",
        "alpha": 0.1,
        "seed": 3,
        "time_limit": 60,
        "memory_limit": 4,
        "threads": 1,
        "predictions": "drop",
        "records": "records.zip",
    },
    SUITE
    | {
        "datasets": [
            {
                "semisynth": {
                    "table": "b.csv",
                    "treatment": "t",
                    "outcome": "y",
                    "treated": "0",
                    "covariates": ["x", "town"],
                    "exogenous": ["town"],
                    "categorical": ["town"],
                    "learner": "linear",
                },
                "name": "like",
                "n": [20, 24],
                "rows": "keep",
                "replicates": 2,
                "dials": {"overlap": 0.5, "noise": [0, 1.5]},
                "noise_coupling": "independent",
            }
        ],
        "settings": ["hidden"],
    },
]


@pytest.mark.usefixtures("table_lm")
def test_suites() -> None:
    def check(text: str, folder: Path) -> None:
        (folder / "in").mkdir()
        TABLE.to_csv(folder / "in" / "a.csv", index=False)
        (folder / "in" / "columns.yaml").write_text(yaml.safe_dump(MAPPINGS[0]))
        (folder / "in" / "study.yaml").write_text(STUDY)
        pd.concat([TABLE] * 2).to_csv(folder / "in" / "b.csv", index=False)
        write(folder / "suite.yaml", text)
        run_suite(folder, ["suite.yaml", "a.csv", "b.csv", "estimator", "own"])

    fuzz(yaml_texts(SUITES), check)


# --- folders of language models -------------------------------------------------------------------

FAMILIES = [
    "gpt2",
    "bert",
    "roberta",
    "t5",
    "mamba",
    "opt",
    "gpt_neox",
    "bloom",
    "mistral",
    "qwen2",
]
FAMILIES += ["gemma3", "gemma3_text", "phi3", "whisper", "clip", "llava", "deepseek_v3", "nope", ""]


@st.composite
def weights(draw: Any, names: list[str]) -> list[tuple[str, str, Any]]:
    """Changes of tensors: name, change, and a number for it."""
    change = st.sampled_from(
        ["nan", "inf", "huge", "remove", "rename", "shape", "type", "zero", "cut"]
    )
    some = st.tuples(st.sampled_from(names), change, st.integers(0, 9))
    return draw(st.lists(some, max_size=2))


def change_weights(file: Path, changes: list[tuple[str, str, Any]]) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    found = load_file(file)
    for name, change, number in changes:
        if name not in found:
            continue
        value = found[name]
        if change == "remove":
            del found[name]
        elif change == "rename":
            found[f"x{number}.{name}"] = found.pop(name)
        elif change == "shape":
            found[name] = value[..., : max(number, 1)].contiguous()
        elif change == "cut":
            found[name] = value[:number].contiguous()
        elif change == "type":
            kinds = [
                torch.float16,
                torch.bfloat16,
                torch.int8,
                torch.float64,
                torch.bool,
                torch.int64,
            ]
            found[name] = value.to(kinds[number % len(kinds)])
        else:
            value = value.clone()
            value.view(-1)[number] = {"nan": np.nan, "inf": np.inf, "huge": 1e38, "zero": 0}[change]
            found[name] = value if change != "zero" else value * 0
    save_file(found, file, metadata={"format": "pt"})


def test_folders_of_language_models(tiny_lm: Path) -> None:
    from safetensors import safe_open

    with safe_open(tiny_lm / "model.safetensors", "pt") as opened:
        names = list(opened.keys())
    files = sorted(path.name for path in tiny_lm.iterdir())
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(files)
    configs = {
        name: json.loads((tiny_lm / name).read_text()) for name in files if name.endswith("json")
    }
    numbers = st.sampled_from([-1, 0, 1, 2, 3, 7, 31, 256, 300, 10**6, 10**12, 10**20, 1e400])
    words = st.sampled_from(FAMILIES)

    @st.composite
    def changes(draw: Any) -> Any:
        kind = draw(
            st.sampled_from(["json"] * 5 + ["bytes", "weights", "weights", "swap", "remove"])
        )
        name = draw(st.sampled_from(files))
        if kind == "json":
            name = draw(st.sampled_from(list(configs)))
            if draw(st.booleans()):
                key = draw(
                    st.sampled_from(["model_type", "vocab_size", "hidden_size", "bos_token_id"])
                )
                changed = configs["config.json"] | {key: draw(words if key[0] == "m" else numbers)}
                return "text", "config.json", json.dumps(changed)
            if draw(st.integers(0, 4)) == 0:
                return "text", name, draw(texts(json.dumps(configs[name], indent=1)))
            tree = draw(trees(configs[name], st.one_of(JUNK, numbers, words)))
            return "text", name, json.dumps(tree, default=str, skipkeys=True)
        if kind == "bytes":
            return kind, name, draw(damaged((tiny_lm / name).read_bytes()))
        if kind == "weights":
            return kind, "model.safetensors", draw(weights(names))
        return kind, name, draw(st.sampled_from(files))

    def check(example: Any, folder: Path) -> None:
        model, out = folder / "model", folder / "out" / "data.parquet"
        shutil.copytree(tiny_lm, model)
        for kind, name, content in example:
            file = model / name
            if kind == "text":
                write(file, content)
            elif kind == "bytes":
                file.write_bytes(content)
            elif kind == "swap":
                shutil.copy(tiny_lm / content, file)
            elif kind == "remove":
                file.unlink(missing_ok=True)
            elif file.exists():
                with contextlib.suppress(Exception):
                    change_weights(file, content)
        write(folder / "study.yaml", STUDY)
        arguments = ["generate", str(folder / "study.yaml"), "--lm", str(model), "--units", "3"]
        # Messages of transformers and torch are quoted as they are.
        run_and_check([*arguments, "--out", str(out)], ["language model"], out, raw=["Traceback"])

    fuzz(st.lists(changes(), min_size=1, max_size=2), check)
