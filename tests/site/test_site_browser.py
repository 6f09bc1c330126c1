"""The site in headless Chromium, from its folder: errors, accessibility, search, phones, paper."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

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
)
WIDTHS = {"wide": 1400, "phone": 390}
#: One page of each kind.
PAGES = {
    "front": "index.html",
    "board": "boards/core-v1/index.html",
    "method": "boards/core-v1/methods/*.html",
    "dataset": "boards/core-v1/datasets/*.html",
    "notebook": "notebooks/teacher.html",
    "api": "reference/api/benchmarks.html",
    "gallery": "gallery.html",
    "glossary": "glossary.html",
}

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
    driver.set_script_timeout(120)  # seconds; large tables on a busy machine
    yield driver
    driver.quit()


def opened(browser, site: Path, page: str, width: str = "wide"):
    """Load a page at a width, and return the browser."""
    metrics = {"width": WIDTHS[width], "height": 900, "deviceScaleFactor": 1}
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {**metrics, "mobile": width == "phone"}
    )
    browser.get("about:blank")
    browser.get(sorted(site.glob(page))[0].as_uri())
    return browser


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_accessible_and_fits(browser, site: Path, kind: str, width: str) -> None:
    from axe_core_python.selenium import Axe

    tab = opened(browser, site, PAGES[kind], width)
    assert tab.get_log("browser") == []
    assert tab.execute_script("return document.documentElement.scrollWidth") <= WIDTHS[width]
    broken = "return [...document.images].filter((i) => i.complete && !i.naturalWidth).length"
    assert tab.execute_script(broken) == 0
    found = Axe().run(tab)["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    places = {each["id"]: [node["html"][:200] for node in each["nodes"]] for each in serious}
    assert places == {}


def test_the_search_finds_a_word(browser, site: Path) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    tab = opened(browser, site, "index.html")
    tab.find_element("css selector", "input.md-search__input").send_keys("propensity")
    results = ".md-search-result__item a"

    def hits(tab) -> list[str]:
        found = tab.find_elements("css selector", results)
        texts = {each.get_attribute("href"): each.get_attribute("textContent") for each in found}
        return [href for href, text in texts.items() if "propensity" in text.lower()]

    assert WebDriverWait(tab, 20).until(hits)
    assert tab.get_log("browser") == []


def test_the_keyboard_reaches_the_navigation(browser, site: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    tab = opened(browser, site, "index.html")
    focused = "return document.activeElement.closest('nav')?.className ?? ''"
    reached = set()
    for _ in range(15):
        tab.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(tab.execute_script(focused))
    assert any("md-tabs" in each for each in reached)


def test_paper_shows_no_navigation(browser, site: Path) -> None:
    tab = opened(browser, site, PAGES["api"])
    tab.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        for hidden in (".md-header", ".md-tabs", ".md-sidebar", ".md-footer"):
            assert not tab.find_element("css selector", hidden).is_displayed()
        assert tab.find_element("css selector", "h1").is_displayed()
    finally:
        tab.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
