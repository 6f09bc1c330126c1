"""Run the cells of a task: read finished ones from their records, and run the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic

from benchmarks.tasks.records import RecordFile
from benchmarks.tasks.runner import Answer, Job, Outcome, run_jobs
from sdscm.errors import InputError
from sdscm.spec import Spec, load_spec


@dataclass(frozen=True, eq=False)
class Cell(Generic[Answer]):
    """A method on a table.

    Attributes
    ----------
    job
        What runs; None where the table lacks what the method needs.
    lacks
        Why there is no job, in one line.
    record
        The file of the answer; None for none.
    facts
        Facts for readers of that file.
    """

    job: Job[Answer] | None
    lacks: str = ""
    record: RecordFile[Answer] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def run_cells(
    cells: Sequence[Cell[Answer]],
    ended: Callable[[int, Outcome[Answer]], None],
    *,
    workers: int,
    time_limit: float,
    plugins: Sequence[Path] = (),
) -> None:
    """Call ``ended`` with the number and the outcome of each cell, in the order of their ends.

    Stored answers come first. A cell without a job is ``skipped``. Each other outcome is stored
    before ``ended`` is called. See `benchmarks.tasks.runner.run_jobs` for the options.
    """
    jobs: list[Job[Answer]] = []
    numbers: list[int] = []
    for number, cell in enumerate(cells):
        stored = None if cell.record is None else cell.record.read()
        if cell.job is None:
            ended(number, Outcome("skipped", cell.lacks))
        elif stored is not None:
            ended(number, stored)
        else:
            jobs.append(cell.job)
            numbers.append(number)

    def done(job: int, outcome: Outcome[Answer]) -> None:
        cell = cells[numbers[job]]
        if cell.record is not None:
            cell.record.write(outcome, cell.facts)
        ended(numbers[job], outcome)

    run_jobs(jobs, done, workers=workers, time_limit=time_limit, plugins=plugins)


def load_scenarios(scenarios: Sequence[Spec | str | Path]) -> list[Spec]:
    """Load specs, each once.

    Raises
    ------
    InputError
        If there is none, one does not exist, or two have one name.
    """
    specs = [load_spec(each) for each in scenarios]
    for name in (names := [spec.name for spec in specs]):
        if names.count(name) > 1:
            raise InputError(f"scenario '{name}' is given twice; give it once")
    if not specs:
        raise InputError("no scenarios; give one or more")
    return specs


def check_time_limit(seconds: float) -> None:
    """Check the time limit of a method on a table.

    Raises
    ------
    InputError
        If it is not above 0.
    """
    if not seconds > 0:
        raise InputError(f"time_limit: {seconds} is not above 0; give seconds")
