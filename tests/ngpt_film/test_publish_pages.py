"""The published pages in a real browser, opened from disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selenium", reason="selenium is not installed: the extra `test`")
from browser import chromium, until
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all of these tests."""
    with chromium(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture
def page(browser: Any, published_studio) -> Any:
    """The browser with the page open at its beginning."""
    return opened(browser, published_studio.root / "out" / "index.html")


def opened(browser: Any, path: Path, place: str = "") -> Any:
    browser.get("about:blank")
    browser.get(path.as_uri() + place)
    ready = "[...document.querySelectorAll('video')].some(v => v.readyState >= 2)"
    until(lambda: ask(browser, ready), "the film")
    return browser


def ask(browser: Any, script: str) -> Any:
    return browser.execute_script(f"return {script}")


def press(browser: Any, *keys: str) -> None:
    browser.find_element(By.TAG_NAME, "body").send_keys(*keys)


def now(browser: Any) -> str:
    return browser.find_element(By.ID, "now-title").text


def test_it_loads_from_disk_alone_and_without_a_complaint(page: Any) -> None:
    assert page.get_log("browser") == []
    assert ask(page, "Math.abs(film.duration - data.seconds) < 0.05")
    assert ask(page, "[...document.fonts].map(f => f.status)") == ["loaded", "loaded"]


def test_it_is_held_back_from_loading_anything_else(page: Any) -> None:
    page.execute_script(
        "window.said = [];"
        " document.addEventListener('securitypolicyviolation',"
        " e => said.push(e.effectiveDirective));"
        " new Image().src = 'https://example.org/a.png';"
        " fetch('https://example.org').catch(() => 0)"
    )
    until(lambda: set(ask(page, "said")) == {"img-src", "connect-src"}, "the policy")
    page.get_log("browser")  # it told of both


def test_captions_chapters_and_numbers_follow_the_film(page: Any) -> None:
    assert now(page) == "It slides"
    assert page.find_element(By.ID, "caption").text == "The dot slides to the right."
    assert "how far the dot goes" in page.find_element(By.ID, "numbers").text
    assert ask(page, "film.textTracks[0].cues.length") == 5
    press(page, "]")
    assert now(page) == "It drifts"
    assert page.find_element(By.CSS_SELECTOR, "li.playing").get_attribute("id") == "tiny:drifts"
    until(
        lambda: page.find_element(By.ID, "caption").text.startswith("Then it drifts"), "a caption"
    )
    press(page, "[")
    assert now(page) == "It slides"


def test_links_lead_to_a_section_and_to_a_time(browser: Any, published_studio) -> None:
    path = published_studio.root / "out" / "index.html"
    opened(browser, path, "#tiny:wobbles")
    until(lambda: now(browser) == "It wobbles", "the section")
    browser.execute_script("location.hash = '#t=2.5'")
    until(lambda: ask(browser, "film.currentTime") == 2.5, "the time")
    browser.find_element(By.CSS_SELECTOR, "li[id='other:square'] .said a").click()
    until(lambda: now(browser) == "A square", "the spoken line")


def test_keys(page: Any) -> None:
    press(page, ">")
    assert ask(page, "film.playbackRate") == 1.25
    press(page, "c")
    assert not page.find_element(By.ID, "caption").is_displayed()
    press(page, "c", "?")
    assert page.find_element(By.ID, "keys").is_displayed()
    press(page, "l")
    assert ask(page, "film.currentTime") == 10
    press(page, "k")
    until(lambda: ask(page, "!film.paused && film.currentTime > 10.1"), "playing")
    press(page, " ")
    until(lambda: ask(page, "film.paused"), "a pause")


def test_search_finds_what_is_said(page: Any) -> None:
    press(page, "/")
    search = page.find_element(By.ID, "search")
    assert page.switch_to.active_element == search
    search.send_keys("LITTLE AT")
    shown = [i.get_attribute("id") for i in page.find_elements(By.CSS_SELECTOR, "li[data-words]")
             if i.is_displayed()]  # fmt: skip
    assert shown == ["tiny:drifts"]
    assert page.find_element(By.TAG_NAME, "mark").text == "little at"
    assert page.find_element(By.ID, "found").text == "1 of 5"
    search.send_keys(Keys.ENTER)
    assert now(page) == "It drifts"
    search.send_keys(Keys.ESCAPE)
    assert len(page.find_elements(By.TAG_NAME, "mark")) == 0


def test_search_takes_words_wherever_they_stand(page: Any) -> None:
    search = page.find_element(By.ID, "search")
    search.send_keys("time little")
    assert page.find_element(By.ID, "found").text == "1 of 5"
    assert [mark.text for mark in page.find_elements(By.TAG_NAME, "mark")] == ["little", "time"]
    for odd in ("(", "[a", "\\", "$", "a|b", "dot."):
        search.send_keys(Keys.ESCAPE)
        page.find_element(By.ID, "search").send_keys(odd)
        assert page.find_element(By.ID, "found").text == "nothing", odd
    assert page.get_log("browser") == []


@pytest.mark.parametrize("name", ["index.html", "slides.html"])
def test_a_link_that_is_cut_short_leads_to_the_beginning(
    browser: Any, published_studio, name: str
) -> None:
    opened(browser, published_studio.root / "out" / name, "#tiny%3")
    assert browser.get_log("browser") == []


def test_it_fits_a_telephone(page: Any) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        assert ask(page, "document.documentElement.scrollWidth") == 390
        small = (
            "[...document.querySelectorAll('body *')].filter(e => !e.children.length"
            " && e.textContent.trim() && e.checkVisibility()"
            " && parseFloat(getComputedStyle(e).fontSize) < 12).map(e => e.outerHTML)"
        )
        assert ask(page, small) == []
        assert ask(page, "document.getElementById('film').getBoundingClientRect().width") >= 388
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_slides_rest_where_a_pause_is_wanted_and_run_on_elsewhere(
    browser: Any, published_studio
) -> None:
    opened(browser, published_studio.root / "out" / "slides.html")

    def at_end() -> None:
        until(lambda: ask(browser, "videos[on].dataset.section === String(now)"), "the section")
        browser.execute_script("videos[on].currentTime = videos[on].duration - 0.2")

    at_end()
    until(lambda: ask(browser, "now") == 1, "running on")
    at_end()
    until(lambda: ask(browser, "resting"), "resting")
    assert ask(browser, "now") == 1
    press(browser, Keys.ARROW_RIGHT)
    until(lambda: ask(browser, "videos[on].dataset.section") == "2", "the next section")
    press(browser, "o")
    assert browser.find_element(By.ID, "overview").is_displayed()
    browser.find_elements(By.CSS_SELECTOR, "#overview button")[4].click()
    until(lambda: ask(browser, "videos[on].dataset.section") == "4", "the chosen section")
    press(browser, "n")
    assert browser.find_element(By.ID, "notes").text == "A square, and nothing more."
    assert browser.get_log("browser") == []
