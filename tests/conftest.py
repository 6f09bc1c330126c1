"""Fixtures of all tests: a cache and a registry each, the embedded model, snippets of a page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from estimators import plugins
from estimators.registry import REGISTRY
from sdscm.lm import LanguageModel, load_lm
from sdscm.lm.backends.embedded import EMBEDDED
from sdscm.spec import Spec, spec_from_yaml

_SNIPPET = re.compile(r"<!-- (?:test: (\S+)|(output)) -->\n```\w+\n(.*?)```", re.DOTALL)


_CACHE_OF_THE_USER = os.environ.get("SDSCM_CACHE")

# The same examples at each run: a test that fails in CI fails on every machine. As many as the
# laws of the sampler need: 50 draw every shape of DAG and every option.
settings.register_profile("sdscm", max_examples=50, derandomize=True, deadline=None, database=None)
settings.load_profile("sdscm")

# A DAG with two roots, a mediator, a variable that the outcome causes, and one that neither causes
# the treatment nor is caused by it.
CLINIC = """\
name: clinic
variables:
  - {name: age, role: exogenous, values: [young, old], phrasings: ["The patient is {value}."]}
  - {name: town, role: exogenous, values: [Rome, Oslo, Bonn], distribution: [0.5, 0.3, 0.2],
     phrasings: ["She lives in {value}."]}
  - {name: smoker, role: covariate, values: ["no", "yes"], parents: [age, town],
     phrasings: ["Asked whether she smokes, she says {value}.", "Smoker: {value}."]}
  - {name: hobby, role: covariate, values: [chess, golf, tennis], parents: [town],
     phrasings: ["In her free time she plays {value}."]}
  - {name: drug, role: treatment, values: [placebo, statin], parents: [age, smoker],
     phrasings: ["She takes the {value}.", "Her doctor gives her the {value}."]}
  - {name: pressure, role: covariate, values: [low, normal, high], parents: [drug, smoker],
     phrasings: ["Her blood pressure is {value}."]}
  - {name: state, role: outcome, values: [recovers, worsens, dies], parents: [drug, pressure, age],
     phrasings: ["In the end she {value}.", "A month later she {value} at home."]}
  - {name: ward, role: covariate, values: [A, B], parents: [state],
     phrasings: ["She is moved to ward {value}."]}
outcome_value: worsens
"""


# Tests that run in one process, by the start of their names: they share costly fixtures, or they
# are the longest (groups start first, so that no process waits for the other at the end).
_TOGETHER = {
    "tests/benchmarks/report/html/test_html_browser.py": "report",
    "tests/benchmarks/report/html/test_html_page.py": "report",
    "tests/sdscm/inference/test_marathon.py": "embedded",
    "tests/sdscm/lm/engine/test_brute_force_embedded.py": "embedded",
    "tests/sdscm/lm/engine/test_same_bits.py::test_the_embedded_model": "embedded",
    "tests/sdscm/lm/engine/test_same_bits.py::test_threads_of_the_embedded_model": "embedded",
    "tests/sdscm/lm/test_load_lm.py::test_the_embedded_model_by_name": "embedded",
    "tests/sdscm/test_embeddings.py": "embedded",
    "tests/sdscm/test_killed_run.py::test_killed_and_resumed_gives_the_same_bytes": "embedded",
    "tests/site/": "site",
    "tests/test_readme.py": "snippets",
    "tests/test_tutorial_plugin.py": "snippets",
}

_numbers = count()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Schedule `_TOGETHER`: with pytest 9.2, xdist ignores its mark (pytest-xdist, issue 1386)."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class InGroups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((g for start, g in _TOGETHER.items() if nodeid.startswith(start)), nodeid)

    return InGroups(config, log)


@pytest.fixture(autouse=True)
def _private_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Give each test a cache of its own, so that none reads or writes the scores of the user."""
    folder = tmp_path_factory.getbasetemp() / "sdscm-cache" / str(next(_numbers))
    monkeypatch.setenv("SDSCM_CACHE", str(folder))


@pytest.fixture
def converted_model(_private_cache: None, embedded_folder: Path) -> None:
    """Put the converted embedded model into the test's cache: a new conversion takes 15 s."""
    folder = Path(os.environ["SDSCM_CACHE"])
    folder.mkdir(parents=True)
    (folder / "models").symlink_to(embedded_folder.parent)


@pytest.fixture(autouse=True)
def _registry_that_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove after each test what it registered, since any tests may share a process."""
    monkeypatch.setattr(REGISTRY, "_entries", dict(REGISTRY._entries))
    monkeypatch.setattr(plugins, "_loaded", dict(plugins._loaded))
    for task in ("discovery", "mediation"):
        if module := sys.modules.get(f"benchmarks.{task}"):
            module.names()  # those that are shipped must stay
            registry = module.registry._REGISTRY
            monkeypatch.setattr(registry, "methods", dict(registry.methods))


@pytest.fixture
def run_snippets(tmp_path: Path) -> Callable[..., list[str]]:
    """Return a function that runs the marked snippets of a page, in order, in ``tmp_path``.

    It runs snippets marked ``shell`` or ``python``; ``continue`` goes on in the Python process of
    the snippet before. It saves others in a file of their mark's name. Each line of a fence marked
    ``output`` must be in what the snippet before printed; the rest of a line after ``...`` may be
    anything. It returns the marks.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # A wide terminal: tables keep their lines.
    environment = {**os.environ, "PATH": path, "COLUMNS": "200"}

    def run(page: Path) -> list[str]:
        marks, printed, python = [], "", ""
        for kind, output, text in _SNIPPET.findall(page.read_text(encoding="utf-8")):
            if output:
                lines = [" ".join(line.split("...")[0].split()) for line in text.splitlines()]
                missing = [line for line in lines if line not in " ".join(printed.split())]
                assert not missing, f"not printed: {missing}\n{printed}"
                continue
            marks.append(kind)
            if kind not in ("shell", "python", "continue"):
                (tmp_path / kind).write_text(text)
                continue
            command = ["bash", "-euo", "pipefail", "-c", text]
            if kind != "shell":
                # What was printed before is printed again: a snippet is short.
                python = text if kind == "python" else f"{python}\n{text}"
                command = [sys.executable, "-c", python]
            ran = subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert ran.returncode == 0, f"{text}\n{ran.stdout}\n{ran.stderr}"
            printed = ran.stdout + ran.stderr
        return marks

    return run


@pytest.fixture
def clinic() -> Spec:
    return spec_from_yaml(CLINIC, "clinic.yaml")


@pytest.fixture
def one_line() -> Callable[[BaseException], str]:
    """Return a function that checks that an error's message is one line, and returns it."""

    def check(error: BaseException) -> str:
        message = str(error)
        assert message, "the error has no message"
        assert "\n" not in message, message
        return message

    return check


@pytest.fixture(scope="session")
def embedded_folder() -> Path:
    """The embedded model, converted once to the user's own cache (15 s the first time)."""
    return _folder_of_the_user("smollm2-135m")


@pytest.fixture(scope="session")
def second_folder() -> Path:
    """The second embedded model in the user's own cache; the test is skipped if it is not there."""
    folder = _folder_of_the_user("scenario-5m")
    if not folder.is_dir():
        pytest.skip("not built: make second-lm")
    return folder


def _folder_of_the_user(name: str) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        if _CACHE_OF_THE_USER is None:
            patch.delenv("SDSCM_CACHE", raising=False)
        else:
            patch.setenv("SDSCM_CACHE", _CACHE_OF_THE_USER)
        return EMBEDDED[name].folder()


@pytest.fixture(scope="session")
def embedded_lm(embedded_folder: Path) -> Iterator[LanguageModel]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_lm(str(embedded_folder), store=False)
    torch.set_num_threads(threads)
