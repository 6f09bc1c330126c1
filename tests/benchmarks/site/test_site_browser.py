"""The board of a release in headless Chromium, on a page without a theme."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

#: The helpers of the browser tests of the report.
_SPEC = importlib.util.spec_from_file_location(
    "report_browser", Path(__file__).parents[1] / "report" / "html" / "test_html_browser.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
report = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(report)

pytestmark = [pytest.mark.skipif(not shutil.which("chromedriver"), reason="no browser")]
browser = report.browser

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>x</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="../board.css"><body>{body}<script src="../board.js"></script>"""


@pytest.fixture
def tab(browser, site: dict[str, bytes], tmp_path: Path) -> Iterator:
    for name, content in site.items():
        path = tmp_path / name.replace(".md", ".html")
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".md"):
            body = content.decode().split("---\n", 2)[2]
            content = PAGE.format(body=body).encode()
        path.write_bytes(content)
    report.size(browser, 1200, 900)
    browser.get((tmp_path / "toy-v1" / "index.html").as_uri())
    return browser


def test_choose_sort_filter_and_ask(tab) -> None:
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.select import Select

    assert tab.get_log("browser") == []
    (first,) = report.shown_boards(tab)
    choice = tab.find_element("css selector", "#tools select[data-by=Effect]")
    Select(choice).select_by_visible_text("ATE by |ATE error| / SD(y)")
    (board,) = report.shown_boards(tab)
    assert board != first
    heads = tab.find_elements("css selector", f"#{board} thead button")
    bias = next(h for h in heads if h.find_element("class name", "name").text == "ATE bias / SD(y)")
    # All biases of the toys are positive: turn the largest one round.
    turn = """
        const place = arguments[0].closest('th').cellIndex;
        for (const row of document.querySelectorAll(`#${arguments[1]} tbody tr`)) {
          const cell = row.cells[place];
          if (cell.dataset.value > 0.5) cell.dataset.value *= -1;
        }
    """
    tab.execute_script(turn, bias, board)
    bias.click()
    script = """
        const place = arguments[0].closest('th').cellIndex;
        const rows = [...document.querySelectorAll(`#${arguments[1]} tbody tr`)];
        const shown = rows.filter((row) => row.getClientRects().length);
        return shown.map((row) => row.cells[place].dataset.value);
    """
    values = [float(each) for each in tab.execute_script(script, bias, board) if each]
    assert len(values) > 2
    assert values == sorted(values, key=abs) != sorted(values)
    tip = tab.find_element("css selector", "[role=tooltip]:not([hidden])")
    assert tip.text.startswith("Estimate minus SATE")
    bias.send_keys(Keys.ESCAPE)
    assert tab.find_elements("css selector", "[role=tooltip]:not([hidden])") == []
    tab.find_element("id", "filter-text").send_keys("broken")
    assert len(tab.execute_script(script, bias, board)) == 1
    link = tab.find_element("css selector", f"#{board} tr:not([hidden]) th a")
    assert link.text == "<b>Broken</b> & co"
    link.click()
    assert tab.find_element("tag name", "h1").text == "<b>Broken</b> & co"


def test_a_phone_does_not_scroll_sideways(tab) -> None:
    report.size(tab, 390, 844)
    for name in ("index.html", "methods/linreg.html"):
        tab.get(tab.current_url.rsplit("/", 1)[0] + f"/{name}")
        assert tab.execute_script("return document.documentElement.scrollWidth") <= 390, name
