"""``sdscm release`` and ``sdscm export``: make and verify releases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import say
from benchmarks.cli.progress import run_progress, working
from sdscm.errors import InputError
from sdscm.number_format import counted

Licence = Annotated[
    str, typer.Option(show_default="not stated", help="Licence of the data, such as CC-BY-4.0.")
]
Citation = Annotated[
    str, typer.Option(show_default="not stated", help="How to cite the release, in one line.")
]


@options.examples(
    "sdscm release make toy --version 1 --out toy-v1.zip", "sdscm release verify toy-v1.zip"
)
def release() -> None:
    """Make and verify releases: a suite with its datasets and results, for other machines."""


@options.examples(
    "sdscm release make toy --version 1 --out toy-v1.zip",
    "sdscm release make toy --version 1 --licence CC-BY-4.0 --out releases/toy-v1",
    "sdscm release make toy --version 2 --sealed --out toy-v2",
)
def make(
    suite: options.Suite,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER|FILE.zip", help="Where the release is written.")
    ],
    version: Annotated[str, typer.Option(help="Version of the release, such as 1.0.")],
    licence: Licence = "",
    citation: Citation = "",
    runs: options.Runs = options.RUNS,
    mixed: options.Mixed = False,
    force: options.Force = False,
    plugin: options.Plugins = None,
    sealed: Annotated[
        bool,
        typer.Option(
            "--sealed",
            help="Write a part without truth, and the truth, for 'sdscm predict' and 'sdscm "
            "score'. The methods are fitted again, since the seeds change.",
        ),
    ] = False,
    guessable: Annotated[
        bool,
        typer.Option("--guessable", help="Seal also data that others can make again, or find."),
    ] = False,
    workers: options.Workers = None,
) -> None:
    """Write the datasets and results of a finished run, with hashes and a description.

    Equal runs give equal bytes. Seconds and memory are left out.
    """
    from benchmarks.release.make import make_release

    options.load_plugins(plugin)
    writable_folder(out.parent, "--out")
    if sealed:
        import benchmarks
        from benchmarks.release.seal import seal

        with run_progress() as progress:

            def fit(place: Path, methods: Sequence[Any]) -> object:
                return benchmarks.run(
                    place,
                    estimators=methods,
                    workers=workers,
                    results_dir=None,
                    runs_dir=runs,
                    plugins=plugin or (),
                    progress=progress,
                )

            parts = seal(
                suite,
                out,
                fit,
                version=version,
                licence=licence,
                citation=citation,
                runs_dir=runs,
                force=force,
                guessable=guessable,
            )
        for each, use in ((parts.public, "publish it"), (parts.truth, "keep it")):
            total = sum(each.files.sizes.values())
            size = f"{counted(len(each.files.sizes), 'file')}, {total / 1e6:.3g} MB"
            say(f"{each.files.place}: {size}; {use}")
        return
    if guessable:
        raise InputError("--guessable: is for --sealed only")
    with working("writing the release"):
        made = make_release(
            suite,
            out,
            version=version,
            licence=licence,
            citation=citation,
            runs_dir=runs,
            mixed=mixed,
            force=force,
        )
    total = sum(made.files.sizes.values())
    say(f"{made.id}: {counted(len(made.files.sizes), 'file')}, {total / 1e6:.3g} MB: {out}")
    say(f"Verify it with: sdscm release verify {out}")


@options.examples("sdscm export toy toy.zip")
def export(
    suite: options.Suite,
    out: Annotated[
        Path, typer.Argument(metavar="FOLDER|FILE.zip", help="Where the run is written.")
    ],
    version: Annotated[str, typer.Option(help="Version in its name.")] = "0",
    runs: options.Runs = options.RUNS,
    mixed: options.Mixed = False,
    force: options.Force = False,
    plugin: options.Plugins = None,
) -> None:
    """Write a finished run as a release, for a machine without the language model.

    It is `sdscm release make` without a licence. A colleague who gets the file can compare methods
    of their own with the results: `sdscm benchmark FILE.zip`.
    """
    make(suite, out, version=version, runs=runs, mixed=mixed, force=force, plugin=plugin)


@options.examples("sdscm release verify toy-v1.zip", "sdscm release verify toy-v1.zip --refit 2")
def verify(
    release: Annotated[
        str,
        typer.Argument(metavar="RELEASE", help="A folder, a zip, a URL with its hash, or a name."),
    ],
    refit: Annotated[
        int, typer.Option(min=0, metavar="N", help="Number of cells to fit again.")
    ] = 0,
    workers: options.Workers = None,
    plugin: options.Plugins = None,
) -> None:
    """Check the files of a release, its scores, and a sample of its fits; exit with 1 on a problem.

    Names, sizes and hashes are compared with the manifest, and scores with predictions and truth.
    """
    from benchmarks.release.verify import verify_release

    options.load_plugins(plugin)
    with run_progress(brief=True) as progress:
        found = verify_release(
            release, refit=refit, workers=workers, plugins=plugin or (), progress=progress
        )
    say(*found.problems)
    say(*(f"note: {line}" for line in found.notes))
    if found.problems:
        say(f"{release}: {counted(len(found.problems), 'problem')}")
        raise typer.Exit(1)
    scored = (
        f"the scores of {counted(found.cells, 'cell')} follow from predictions and truth; "
        f"{counted(found.refitted, 'cell')} fitted again"
    )
    if not found.cells:
        scored = "it holds no truth"
    say(f"{release}: {counted(found.files, 'file')} as in the manifest; {scored}.")
