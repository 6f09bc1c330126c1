"""The page of a run that goes on: it reloads, says what has ended, and ends with the run."""

from __future__ import annotations

import re

import pytest

import benchmarks
from benchmarks.report.watch import watch
from benchmarks.storage.lock import only_run, running
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Store
from sdscm.errors import InputError


@pytest.fixture(scope="module")
def finished(tmp_path_factory, suite_in):
    """The manifest and the records of a run with 18 cells."""
    place = tmp_path_factory.mktemp("watch")
    result = benchmarks.run(suite_in(place), workers=0, runs_dir=place / "runs", results_dir=None)
    with Store.of(result.run_dir) as store:
        return Manifest.read(result.run_dir), list(store.records().values())


def reloads(page: str) -> list[str]:
    return re.findall(r'http-equiv="refresh" content="(.*?)"', page)


def test_the_page_follows_the_run_to_its_end(finished, tmp_path, told):
    manifest, records = finished
    page, pages = tmp_path / "out" / "report.html", []
    run = only_run(tmp_path, 2)
    run.__enter__()
    store = Store.of(tmp_path)

    def next_step(seconds: float) -> None:
        assert seconds >= 3
        pages.append(page.read_text())
        if len(pages) == 1:
            manifest.write(store)
        elif len(pages) == 5:
            run.__exit__(None, None, None)
        else:
            done = 6 * (len(pages) - 2)
            store.write(records[done : done + 6])

    assert watch(tmp_path, page, 3, told, wait=next_step)
    assert "no cell has run yet" in pages[0]
    for number, text in enumerate(pages[1:]):
        assert reloads(text) == ["3"]
        assert f"{6 * number} of 18 cells have ended" in text
        assert "Made at 20" in text
        assert text.count("<table") == 2  # a board for each setting
    assert reloads(page.read_text()) == []
    assert "18 of 18 cells have ended" in page.read_text()
    assert told.done == 18
    known = [left for left in told.left if left == left]
    assert known[-1] == 0
    assert list(page.parent.iterdir()) == [page]
    store.close()


def test_an_interrupt_leaves_a_page_that_does_not_reload(finished, tmp_path, told):
    manifest, records = finished
    with Store.of(tmp_path) as store, only_run(tmp_path):
        manifest.write(store)
        store.write(records[:4])

        def stop(seconds: float) -> None:
            raise KeyboardInterrupt

        page = tmp_path / "report.html"
        assert not watch(tmp_path, page, 3, told, wait=stop)
        assert reloads(page.read_text()) == []
        assert "4 of 18 cells have ended" in page.read_text()


def test_a_watch_only_reads(finished, tmp_path, told):
    manifest, records = finished
    with Store.of(tmp_path) as store:
        manifest.write(store)
        store.write(records)
        before = store.frame()
        watch(tmp_path, tmp_path / "page" / "report.html", 3, told)
        assert store.frame().equals(before)
        assert store.damage() == []


def test_the_holder_of_the_lock_is_known(tmp_path, told):
    assert running(tmp_path / "nothing") is None
    assert running(tmp_path) is None
    with only_run(tmp_path, 3):
        assert running(tmp_path) == 3
        with pytest.raises(InputError, match=r"process \d+\)"), only_run(tmp_path):
            pass
    assert running(tmp_path) is None
    with pytest.raises(InputError, match="run the suite first"):
        watch(tmp_path, tmp_path / "report.html", 3, told)
    assert not (tmp_path / "report.html").exists()
