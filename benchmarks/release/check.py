"""Check a submission: nothing of it is trusted, and its code is run only if that is asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

import estimators
from benchmarks import metrics
from benchmarks.archive.files import DamagedArchiveError
from benchmarks.archive.release import (
    SUBMISSION,
    Release,
    Submission,
    open_submission,
    shipped_releases,
)
from benchmarks.boards.scores import UNSEEN_ROWS
from benchmarks.datasets.loaded import Datasets
from benchmarks.execution.methods import Method, methods_of
from benchmarks.process.parquet import parquet_problem
from benchmarks.progress import Progress, Silent
from benchmarks.release.make import CARD
from benchmarks.release.seal import in_public
from benchmarks.release.submit import FIELDS, LONGEST_TEXT, MOST_SOURCE, PLUGIN
from benchmarks.release.verify import (
    Verified,
    cell_problems,
    datasets_of,
    file_problems,
    refit_problems,
    score_problems,
    shortened,
)
from benchmarks.storage.frozen import (
    CELLS,
    PREDICTIONS,
    SCORES,
    read_cells,
    read_methods,
    read_records,
    without_folders,
)
from benchmarks.storage.manifest import MethodInfo
from benchmarks.storage.store import Record
from benchmarks.suite.entries import Model
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from estimators.interface import Estimand
from estimators.registry import REGISTRY
from sdscm.errors import InputError
from sdscm.number_format import counted

#: Bytes of a table in memory beside its predictions.
_MOST_BESIDE = 2**24
#: Numbers of a row and a fit: an effect and the ends of two intervals, as doubles with levels.
_BYTES_OF_ROW = 5 * (8 + 4)
_MOST_METHODS = 20


@dataclass(frozen=True)
class Checked(Verified):
    """Result of the check of a submission.

    Attributes
    ----------
    submission
        The submission with its mark; None if it has problems.
    """

    submission: Submission | None = None


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has a control character")
    return text


_Line = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
_Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_printable)]
_Texts = dict[_Line, _Line]
_TEXTS = TypeAdapter(_Texts)
_Sha = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Method(Model):
    label: _Line
    family: _Line
    estimand: Estimand
    oracle: Literal[False]


class _ReleaseOf(Model):
    id: _Line
    sha256: _Sha


class _Code(Model):
    file: Literal["plugin.py"] | None = None
    link: Annotated[_Text, Field(pattern=r"^https?://\S+$")] | None = None


class _File(Model):
    bytes: int
    sha256: _Sha


class _Manifest(Model):
    """The manifest of a submission."""

    format: int
    release: _ReleaseOf
    methods: Annotated[list[_Method], Field(min_length=1, max_length=_MOST_METHODS)]
    versions: _Texts
    definitions: _Texts
    plugin: _Code
    card: dict[_Line, _Text]
    files: dict[str, _File]
    sha256_of_the_rest: _Sha


def check_submission(
    place: str | Path,
    *,
    release: Suite | str | Path | None = None,
    datasets: Datasets | None = None,
    refit: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Check a submission.

    Names, sizes and SHA-256 of all files are compared with the manifest, the columns of the tables
    with their schema, the cells with those that the release's suite plans, and the scores with the
    predictions and the truth. The checks end with the first kind that finds a problem.

    Parameters
    ----------
    place
        A zip.
    release
        The release that it is for; by default the one that it names, in the package or in the
        working folder.
    datasets
        Those of the release, if they are in memory.
    refit
        Number of cells to fit again, drawn at random. This runs the code of the submission; without
        it, nothing of the submission is executed.
    workers
        As in `benchmarks.run`.
    progress
        Receives each cell.

    Raises
    ------
    InputError
        If there is no such file, or its release is not found.
    """
    reporter = progress or Silent()
    try:
        submission = open_submission(Path(place))
        found = list(file_problems(submission, SUBMISSION)) or list(_manifest_problems(submission))
    except DamagedArchiveError as error:
        return Checked([str(error)])
    if found:
        return Checked(shortened(found))
    suite = _suite_of(submission, release)
    assert suite.release is not None
    wanted = submission.content["release"]
    if wanted["sha256"] not in (suite.release.digest, suite.release.public):
        return Checked(
            [f"made for another release ({wanted['id']}, SHA-256 {wanted['sha256'][:12]}...)"]
        )
    sealed = bool(suite.release.part) and wanted["sha256"] == suite.release.public
    if sealed == (SCORES in submission.content["files"]):
        text = "has no scores, since the truth is sealed" if sealed else "has scores"
        return Checked([f"{SCORES}: a submission to {wanted['id']} {text}"])
    datasets = datasets or datasets_of(suite)
    seen = in_public(datasets, suite.settings) if sealed else datasets
    records: list[Record] = []
    rows = sum(len(datasets[name]) for name in datasets) * len(suite.settings) * suite.repetitions
    most = len(submission.labels) * rows * _BYTES_OF_ROW + _MOST_BESIDE
    try:
        tables = [CELLS, *[SCORES] * (not sealed), PREDICTIONS]
        contents = {name: submission.read(name) for name in tables}
        problem = parquet_problem(contents, most)
        found = [problem] if problem else list(_release_problems(submission, suite.release))
        methods = read_methods(submission)
        found = found or list(cell_problems(suite, seen, methods, read_cells(submission)))
        if not found:
            records = list(read_records(submission))
            found = list(_text_problems(records))
            found = found or list(score_problems(suite, datasets, records, submission, reporter))
    except DamagedArchiveError as error:
        found = [str(error)]
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # Its hashes are right, but `sdscm submit` did not write it.
        found = [f"its tables are not those of a submission ({type(error).__name__}: {error})"]
    result = Checked(shortened(found), [], len(submission.files.sizes), len(records))
    if found:
        return result
    if not refit:
        mark = "not verified: its code was not run"
        return replace(result, submission=replace(submission, mark=mark))
    return _refitted(result, submission, suite, datasets, records, refit, workers, reporter)


def _manifest_problems(submission: Submission) -> Iterator[str]:
    """Check the manifest and the names of the files."""
    try:
        content = _Manifest.model_validate(submission.content, strict=True)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        yield f"{SUBMISSION}: {key}: {problem['msg']}"
        return
    expected = {CARD, CELLS, PREDICTIONS, *({SCORES} & {*content.files})}
    if content.plugin.file:
        expected.add(PLUGIN)
    for name in sorted(expected ^ {*content.files}):
        yield f"{name} is missing" if name in expected else f"{name} is not a file of a submission"
    if submission.files.sizes.get(PLUGIN, 0) > MOST_SOURCE:
        yield f"{PLUGIN}: more than {MOST_SOURCE} bytes"
    for name in content.card.keys() ^ FIELDS.keys():
        yield f"{SUBMISSION}: card.{name}: is missing or is no field of the card"


def _release_problems(submission: Submission, release: Release) -> Iterator[str]:
    """Compare labels of methods and names of metrics with those of the release."""
    reference = {method.label for method in read_methods(release)}
    for place, label in enumerate(submission.labels):
        if label in submission.labels[:place]:
            yield f"two of its methods are called '{label}'"
        if label in reference:
            yield f"'{label}' is a reference method of {release.id}; give yours another name"
    known = {*release.content["definitions"], *metrics.names()}
    for name in sorted({*submission.content["definitions"]} - known - {UNSEEN_ROWS}):
        yield f"{SUBMISSION}: definitions.{name}: no metric of this sdscm or of {release.id}"


def _text_problems(records: Sequence[Record]) -> Iterator[str]:
    """Check the texts of cells, which boards and terminals show."""
    for record in records:
        cell, outcome = record.cell, record.outcome
        texts = [cell.identity, cell.version_free_key, outcome.reason, *outcome.warnings]
        try:
            _TEXTS.validate_python(record.versions, strict=True)
        except ValidationError:
            yield f"{cell}: its versions are not names of libraries with their versions"
            continue
        if not all(isinstance(text, str) for text in texts):
            yield f"{cell}: a text of it is missing"
        elif not all("".join(text.split()).isprintable() for text in texts):
            yield f"{cell}: a text of it has a control character"


def _suite_of(submission: Submission, release: Suite | str | Path | None) -> Suite:
    """Find the release of a submission."""
    name = submission.content["release"]["id"]
    if isinstance(release, Suite):
        suite = release
    elif release is not None:
        suite = load_suite(release)
    else:
        # The name comes from the submission: no path, and no address.
        near = [Path(f"{name}.zip"), Path(name)] if Path(name).name == name else []
        known = [name] * (name in shipped_releases())
        known += [str(each) for each in near if each.exists()]
        if not known:
            raise InputError(
                f"{submission.files.place}: its release {name} is neither in the package nor here; "
                "say where it is, with --release"
            )
        suite = load_suite(known[0])
    if suite.release is None:
        raise InputError(f"{suite.origin}: a suite, but not a release; name the release {name}")
    return suite


def _refitted(
    result: Checked,
    submission: Submission,
    suite: Suite,
    datasets: Datasets,
    records: Sequence[Record],
    count: int,
    workers: int | None,
    progress: Progress,
) -> Checked:
    """Run the code of a submission: fit a sample of cells again."""
    able = [record for record in records if record.outcome.status == "ok"]
    # Who makes the submission must not know which cells these are.
    chosen = random.SystemRandom().sample(able, min(count, len(able)))
    has_code = PLUGIN in submission.content["files"]
    with (
        TemporaryDirectory(prefix="sdscm-") as folder,
        REGISTRY.without_plugins() if has_code else nullcontext(),
    ):
        plugins = [Path(folder) / PLUGIN] * has_code
        for path in plugins:
            path.write_bytes(submission.read(PLUGIN))
        try:
            methods = _methods_here(submission, suite, plugins)
        except (InputError, estimators.EstimatorError) as error:
            link = submission.content["plugin"].get("link")
            if link:
                line = f"not verified: its code is not here; install it: {link}"
                return replace(result, submission=replace(submission, mark=line))
            line = f"its code cannot be run ({without_folders(str(error))})"
            return replace(result, problems=[line])
        again = refit_problems(suite, datasets, chosen, methods, workers, plugins, progress)
    result = replace(result, problems=again.problems, notes=again.notes, refitted=again.refitted)
    if again.problems:
        return result
    same = f"{again.refitted} of {counted(len(chosen), 'cell')} fitted again with equal predictions"
    if len(able) < len(records):
        same += f"; {len(records) - len(able)} of {len(records)} cells have no predictions"
    verified = again.refitted == len(chosen) > 0
    mark = f"verified: {same}" if verified else f"not verified: only {same}"
    return replace(result, submission=replace(submission, mark=mark))


def _methods_here(
    submission: Submission, suite: Suite, plugins: Sequence[Path]
) -> Mapping[str, Method]:
    """Find the methods of a submission, by label; raise an InputError if one is not there."""
    names = [name for path in plugins for name in estimators.load_plugin(path)]
    marks = [f" ({encoding})" for encoding in suite.encodings if encoding != "codes"]
    for label in submission.labels if not plugins else ():
        names.append(next((label.removesuffix(m) for m in marks if label.endswith(m)), label))
    found = {m.label: m for m in methods_of(dict.fromkeys(names), plugins, suite.encodings)}
    for stated in read_methods(submission):
        if stated.label not in found:
            raise InputError(f"it registers no method '{stated.label}'")
        # The manifest could hide that a method is shown the truth.
        if MethodInfo.of(found[stated.label]) != stated:
            raise InputError(f"'{stated.label}' has another family or estimand, or sees the truth")
    return found


def submissions_in(place: Path, release: str) -> Iterator[Path]:
    """Yield a file, or the zips of a folder, without submissions for other releases.

    Raises
    ------
    InputError
        If there is none, or a file of the folder is not a submission.
    """
    if not place.is_dir():
        yield place
        return
    paths = sorted(place.glob("*.zip"))
    if not paths:
        raise InputError(f"{place}: no submission here; give the path of a .zip file")
    for path in paths:
        named = open_submission(path).content["release"]
        if not isinstance(named, dict) or named.get("id", release) == release:
            yield path
