"""``sdscm report``: a page from the records of a run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def test_a_page_of_a_run(cli, data):
    assert cli("benchmark", "suite.yaml", "--workers", 0).code == 0
    ran = cli("report", "toy", "--out", "shared/page")
    assert (ran.code, ran.err) == (0, "")
    page = Path("shared/page/report.html")
    assert f"  {page}" in ran.out.splitlines()
    text = page.read_text(encoding="utf-8")
    assert "sdscm benchmark suite.yaml" in text
    assert "sdscm report toy" in text
    assert (page.parent / "figures" / "error-by-method.pdf").exists()
    assert not Path("results/toy/report").exists()


def test_an_unfinished_run_has_a_page_that_says_so(cli, data, no_figures):
    assert cli("benchmark", "suite.yaml", "--workers", 0).code == 0
    with closing(sqlite3.connect("runs/toy/run.sqlite")) as store, store:
        (key,) = store.execute("SELECT key FROM cells").fetchone()
        for table in ("cells", "scores", "predictions"):
            store.execute(f"DELETE FROM {table} WHERE key = ?", (key,))
    assert cli("report", "toy").code == 0
    text = Path("results/toy/report/report.html").read_text(encoding="utf-8")
    assert "5 of 6 cells scored" in text
    assert "not run yet" in text


def test_no_run(cli, untouched):
    ran = cli("report", "nothing")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert "run the suite first" in ran.err


def test_a_folder_that_cannot_be_written_to(cli, data):
    assert cli("benchmark", "suite.yaml", "--workers", 0).code == 0
    Path("taken").write_text("a file")
    ran = cli("report", "toy", "--out", "taken/page")
    assert ran.code == 2
    assert "--out taken/page" in ran.err


def test_a_watch_of_a_run_that_has_ended_writes_the_whole_page(cli, data, no_figures):
    assert cli("benchmark", "suite.yaml", "--workers", 0).code == 0
    ran = cli("report", "toy", "--watch", "--every", 5)
    assert ran.code == 0
    text = Path("results/toy/report/report.html").read_text(encoding="utf-8")
    assert "sdscm benchmark suite.yaml" in text
    assert 'http-equiv="refresh"' not in text
