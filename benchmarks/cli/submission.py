"""``sdscm submit`` and ``sdscm submission``: enter the board of a release.

``sdscm submit`` runs new methods on a release, as ``sdscm benchmark`` does, and writes their
results and code to a zip. ``sdscm submission check`` checks such a zip. ``sdscm benchmark RELEASE
--submissions FOLDER`` shows the board with them. ``sdscm predict`` is ``submit`` for the public
part of a sealed release, and ``sdscm score`` scores what it made with the truth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.archive.release import find_release
from benchmarks.cli import options
from benchmarks.cli.benchmark import benchmark
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import say
from benchmarks.cli.progress import run_progress
from sdscm.errors import InputError
from sdscm.number_format import counted

Release = Annotated[
    str, typer.Argument(metavar="RELEASE", help="A folder, a zip, a URL with its hash, or a name.")
]
Estimators = Annotated[str, typer.Option(metavar="NAME,...", help="The methods to submit.")]
Out = Annotated[Path, typer.Option(metavar="FILE.zip", help="Where the submission is written.")]
Author = Annotated[str, typer.Option(show_default="not stated", help="Who made it.")]
Description = Annotated[
    str, typer.Option(show_default="not stated", help="What the method is, in a sentence.")
]
Link = Annotated[
    str,
    typer.Option(
        metavar="URL",
        show_default="not stated",
        help="Where the code is; needed for methods of an installed package.",
    ),
]
Card = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD=TEXT",
        help="Another field of the card: source, licence, tuning or compute; repeatable.",
    ),
]
File = Annotated[Path, typer.Argument(metavar="FILE.zip", help="The submission.")]


@options.examples(
    'sdscm submit toy-v1.zip --plugin mine.py --estimators "Mine" --out mine.zip',
    'sdscm submit toy-v1.zip --plugin mine.py --estimators "Mine" --out named.zip '
    '--author "A. Body" --description "The difference in means" --card tuning=none',
)
def submit(
    release: Release,
    estimators: Estimators,
    out: Out,
    plugin: options.Plugins = None,
    author: Author = "",
    description: Description = "",
    link: Link = "",
    card: Card = None,
    workers: options.Workers = None,
    runs: options.Runs = options.RUNS,
    force: options.Force = False,
) -> None:
    """Run methods on a release, and write their results and code to a file for its board.

    Cells that are on record are not run again, as with `sdscm benchmark`.
    """
    import benchmarks
    from benchmarks.release.submit import check_place, code_of, make_submission

    names = options.listed("estimators", estimators)
    texts = {"author": author, "description": description, "link": link}
    texts |= options.settings("--card", card, "FIELD=TEXT, such as --card tuning=none")
    # Mistakes are found before the run.
    writable_folder(out.parent, "--out")
    check_place(out, force)
    suite = benchmarks.load_suite(release)
    if suite.release is None:
        raise InputError(f"{release}: not a release; submissions are for the board of one")
    # The public part of a sealed release names its methods in the suite only.
    content = suite.release.content
    known = {each["label"] for each in content["methods"]}
    known |= {each["label"] or each["name"] for each in content["suite"]["estimators"]}
    for name in names:
        if name in known:
            raise InputError(f"'{name}' is a method of {suite.release.id}; give yours another name")
    options.load_plugins(plugin)
    code_of(names, plugin or (), texts)
    with run_progress() as progress:
        result = benchmarks.run(
            suite,
            workers=workers,
            results_dir=None,
            runs_dir=runs,
            plugins=plugin or (),
            progress=progress,
            estimators=names,
        )
    made = make_submission(
        suite, out, names=names, plugins=plugin or (), card=texts, runs_dir=runs, force=force
    )
    lost = result.cells[result.cells["estimator"].isin(made.labels)]["status"].ne("ok").sum()
    if lost:
        say(f"note: {counted(int(lost), 'cell')} without a score; see: sdscm results why {release}")
    size = sum(made.files.sizes.values())
    say(f"{', '.join(made.labels)}: {size / 1e6:.3g} MB: {out}")
    if suite.release.part == "public":
        say("Send it to the organiser. It has no scores, since the truth is not here.")
    else:
        say(f"Check it with: sdscm submission check {out}")


@options.examples('sdscm predict toy-v2/public --plugin mine.py --estimators "Mine" --out mine.zip')
def predict(
    public: Annotated[
        str, typer.Argument(metavar="PUBLIC", help="The public part of a sealed release.")
    ],
    estimators: Estimators,
    out: Out,
    plugin: options.Plugins = None,
    author: Author = "",
    description: Description = "",
    link: Link = "",
    card: Card = None,
    workers: options.Workers = None,
    runs: options.Runs = options.RUNS,
    force: options.Force = False,
) -> None:
    """Run methods on the public part of a sealed release, and write their predictions to a file.

    No truth is needed; the organiser scores the file with `sdscm score`. Cells that are on record
    are not run again.
    """
    release = find_release(public)
    if release is None or release.part != "public":
        raise InputError(
            f"{public}: not the public part of a sealed release; with the truth, use: sdscm submit"
        )
    submit(
        public,
        estimators,
        out,
        plugin=plugin,
        author=author,
        description=description,
        link=link,
        card=card,
        workers=workers,
        runs=runs,
        force=force,
    )


@options.examples("sdscm score mine.zip --truth toy-v2/truth")
def score(
    file: File,
    truth: Annotated[
        str, typer.Option(metavar="TRUTH", help="The organiser's part of the sealed release.")
    ],
    workers: options.Workers = None,
    results: options.Results = options.RESULTS,
    runs: options.Runs = options.RUNS,
    top: options.Top = 5,
) -> None:
    """Score predictions that were made without the truth, and write the boards with them.

    The file is checked first, see `sdscm submission check`, and nothing of it is executed: its code
    could read the truth. The scores are those of a run with the truth, to the last digit.
    """
    release = find_release(truth)
    if release is None or release.part != "truth":
        raise InputError(
            f"--truth {truth}: not the truth of a sealed release; for another release, use: sdscm "
            "benchmark RELEASE --submissions FILE.zip"
        )
    benchmark(
        truth,
        submissions=file,
        workers=workers,
        results=results,
        runs=runs,
        top=top,
    )


@options.examples("sdscm submission check mine.zip", "sdscm submission check mine.zip --refit 2")
def submission() -> None:
    """Check submissions: results of methods for the board of a release."""


@options.examples(
    "sdscm submission check mine.zip",
    "sdscm submission check mine.zip --release toy-v1.zip --refit 2",
)
def check(
    file: File,
    release: Annotated[
        str | None,
        typer.Option(
            metavar="RELEASE",
            help="The release that it is for.",
            show_default="the one that it names, of the package or in the working folder",
        ),
    ] = None,
    refit: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Number of cells to fit again. This runs the file's code."
        ),
    ] = 0,
    workers: options.Workers = None,
) -> None:
    """Check the files, cells, predictions and scores of a submission; exit with 1 on a problem.

    Without --refit nothing of the submission is executed.
    """
    from benchmarks.release.check import check_submission
    from benchmarks.storage.frozen import SCORES

    with run_progress(brief=True) as progress:
        found = check_submission(
            file, release=release, refit=refit, workers=workers, progress=progress
        )
    say(*found.problems)
    say(*(f"note: {line}" for line in found.notes))
    if found.submission is None:
        say(f"{file}: {counted(len(found.problems), 'problem')}")
        raise typer.Exit(1)
    labels = ", ".join(found.submission.labels)
    scored = "it has no scores, since it was made without the truth"
    if SCORES in found.submission.content["files"]:
        scored = "the scores follow from predictions and truth"
    say(
        f"{file}: {labels}, {counted(found.cells, 'cell')}: all that the release plans; {scored}.",
        f"{found.submission.mark[:1].upper()}{found.submission.mark[1:]}.",
    )
