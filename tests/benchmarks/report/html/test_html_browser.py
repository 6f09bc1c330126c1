"""The page in headless Chromium: no error, sorting, filtering, phones, paper."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--window-size=1200,900",
)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="no browser: apt-get install chromium chromium-driver",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def tab(browser, page_files):
    """The page, freshly loaded at the width of a desk by a link to the board."""
    size(browser, 1200, 900)
    browser.get("about:blank")
    browser.get(f"{page_files[0].as_uri()}#{BOARD}-title")
    return browser


def size(browser, width: int, height: int) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


BOARD = "board-ate-ate-abs-error-sd-toy-all"


def head(tab, title: str):
    """The button in the head of a column of the board."""
    for button in tab.find_elements("css selector", f"#{BOARD} thead button"):
        if button.find_element("class name", "name").text == title:
            return button
    raise AssertionError(f"no column {title}")


def column(tab, title: str) -> list[str]:
    """What is sorted by, from top to bottom, of the rows that are shown."""
    place = tab.execute_script("return arguments[0].closest('th').cellIndex", head(tab, title))
    script = """
        const rows = [...document.querySelectorAll(`#${arguments[0]} tbody tr`)];
        const shown = rows.filter((row) => row.getClientRects().length);
        return shown.map((row) => row.cells[arguments[1]].dataset.value);
    """
    return tab.execute_script(script, BOARD, place)


def sorting(tab, title: str) -> str | None:
    return tab.execute_script(
        "return arguments[0].closest('th').getAttribute('aria-sort')", head(tab, title)
    )


def test_it_loads_without_an_error_and_asks_for_nothing(tab) -> None:
    assert tab.get_log("browser") == []
    fetched = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    assert [name for name in tab.execute_script(fetched) if not name.startswith("data:")] == []
    broken = "return [...document.images].filter((image) => !image.naturalWidth).length"
    assert tab.execute_script(broken) == 0


def shown_boards(tab) -> list[str]:
    return [
        each.get_attribute("id")
        for each in tab.find_elements("css selector", ".board table.filtered")
        if each.is_displayed()
    ]


def test_a_reader_chooses_the_boards(tab, page_files) -> None:
    from selenium.webdriver.support.select import Select

    assert shown_boards(tab) == [BOARD], "a link shows its board"
    choices = {
        each.get_attribute("data-by"): Select(each)
        for each in tab.find_elements("css selector", "#tools select[data-by]")
    }
    assert list(choices) == ["Effect", "Setting"], "the suite has one entry"
    assert choices["Effect"].first_selected_option.text == "ATE by |ATE error| / SD(y)"
    choices["Setting"].select_by_visible_text("exogenous covariates hidden")
    assert shown_boards(tab) == [BOARD.replace("-all", "-hidden")]
    choices["Effect"].select_by_visible_text("All")
    assert len(shown_boards(tab)) == 2
    tab.get("about:blank")
    tab.get(page_files[0].as_uri())
    assert shown_boards(tab) == ["board-cate-pehe-sd-toy-all"], "the first one"


def test_a_coverage_sorts_by_its_distance_from_the_nominal_level(tab) -> None:
    from selenium.webdriver.support.select import Select

    Select(tab.find_element("id", "filter-columns")).select_by_value("all")
    head(tab, "ATE coverage").click()
    there = [float(value) for value in column(tab, "ATE coverage") if value]
    assert len(set(there)) > 1
    assert there == sorted(there, key=lambda share: abs(share - 0.95))
    assert "distance from 0.95" in tab.find_element("id", "status").text


def test_the_keyboard_shows_what_a_column_means(tab) -> None:
    from selenium.webdriver.common.keys import Keys

    tip = tab.find_element("css selector", "[role=tooltip]")
    assert not tip.is_displayed()
    button = head(tab, "|ATE error| / SD(y)")
    tab.execute_script("arguments[0].focus()", button)
    assert tip.is_displayed()
    assert tip.text == "Distance of the estimate from the SATE, in units of SD(y)."
    assert button.get_attribute("aria-describedby") == tip.get_attribute("id")
    button.send_keys(Keys.ESCAPE)
    assert not tip.is_displayed()
    assert tab.execute_script("return document.querySelectorAll('thead [title]').length") == 0


def test_a_click_sorts_and_another_turns_it_round(tab) -> None:
    title = "|ATE error| / SD(y)"
    head(tab, title).click()
    values = column(tab, title)
    there = [float(value) for value in values if value]
    assert len(there) == 5
    assert there == sorted(there)
    assert values[-1] == "", "a method without a score is last"
    assert sorting(tab, title) == "ascending"
    head(tab, title).click()
    values = column(tab, title)
    assert [float(value) for value in values[:5]] == sorted(there, reverse=True)
    assert values[-1] == ""
    assert sorting(tab, title) == "descending"
    assert "descending" in tab.find_element("id", "status").text


def test_the_keyboard_sorts_and_one_column_only_says_so(tab) -> None:
    from selenium.webdriver.common.keys import Keys

    head(tab, "Rank").click()
    head(tab, "Method").send_keys(Keys.ENTER)
    names = column(tab, "Method")
    assert names == sorted(names)
    head(tab, "Method").send_keys(Keys.SPACE)
    assert column(tab, "Method") == sorted(names, reverse=True)
    assert len(tab.find_elements("css selector", f"#{BOARD} [aria-sort]")) == 1


def test_filters(tab) -> None:
    from selenium.webdriver.support.select import Select

    everything = column(tab, "Method")
    tab.find_element("id", "filter-text").send_keys("LINREG")
    assert column(tab, "Method") == ["linreg"]
    assert "rows of the leaderboards shown" in tab.find_element("id", "status").text
    tab.find_element("css selector", "#tools button[type=reset]").click()
    assert column(tab, "Method") == everything
    Select(tab.find_element("id", "filter-family")).select_by_visible_text("mine")
    assert column(tab, "Method") == ["<b>broken</b> & co"]
    assert tab.get_log("browser") == []


def test_more_columns(tab) -> None:
    from selenium.webdriver.support.select import Select

    heads = f"#{BOARD} thead th"

    def count() -> int:
        return sum(each.is_displayed() for each in tab.find_elements("css selector", heads))

    usual = count()
    Select(tab.find_element("id", "filter-columns")).select_by_value("all")
    assert count() == len(tab.find_elements("css selector", heads)) > usual


def test_on_a_phone_only_tables_scroll_sideways(tab, page_files) -> None:
    wide = tab.execute_script("return document.images[0].currentSrc")
    size(tab, 390, 844)
    tab.get("about:blank")
    tab.get(page_files[0].as_uri())
    assert tab.execute_script("return document.documentElement.scrollWidth") <= 390
    assert tab.execute_script("return document.images[0].currentSrc") != wide
    small = """
        const named = "nav a, #tools input, #tools select, #tools button";
        const targets = [...document.querySelectorAll(named)];
        return targets.map((each) => each.getBoundingClientRect().height);
    """
    assert min(tab.execute_script(small)) >= 24, "WCAG 2.2, 2.5.8"


def test_without_scripts_all_is_there(browser, page_files) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(page_files[0].as_uri())
        assert not browser.find_element("id", "tools").is_displayed()
        rows = browser.find_elements("css selector", f"#{BOARD} tbody tr")
        assert len(rows) == 6
        assert all(row.is_displayed() for row in rows)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_it_prints(tab) -> None:
    printed = tab.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
    tab.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not tab.find_element("id", "tools").is_displayed()
        assert tab.find_element("id", BOARD).is_displayed()
    finally:
        tab.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_figures_and_tables_of_a_plain_page(browser, tmp_path) -> None:
    """A figure keeps its distance from what stands above; a table has the colour of its box."""
    from sdscm.report_page import Page, Section, make_table, render, text_column
    from sdscm.report_page.figure import Drawing, Picture, Svg

    svg = Svg('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 9, 9)
    picture = Picture(
        Drawing("drawn", "Drawn", "reading", "alt", lambda layout: None), svg, None, {}
    )
    table = make_table("one", "One", [text_column("name")], [{"name": "a"}])
    (tmp_path / "page.html").write_text(
        render(Page("T", "k", "lead", (picture,), summary=Section("s", "S", tables=(table,))))
    )
    browser.get((tmp_path / "page.html").as_uri())
    style = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    assert browser.execute_script(style, "main > figure", "marginTop") == "48px"
    box = browser.execute_script(style, ".summary", "backgroundColor")
    assert box in browser.execute_script(style, ".summary .scroll", "backgroundImage")
