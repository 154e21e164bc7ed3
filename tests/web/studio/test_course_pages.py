"""The course in a real browser: predict, run in place, see; kept in the browser, by keyboard, at phone width."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import NARROW, holds, opened, playwright, ready, shot
from visiting import studio

from ganatomy.web.studio.course.step import Step
from ganatomy.web.studio.course.steps import STEPS, step_named

TRAINING = 900  # seconds within which a step must be done on a busy machine


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    runs = tmp_path_factory.mktemp("course") / "runs"
    runs.mkdir()
    with studio(Path(runs), "--no-token") as server:
        yield server.address


def played(page: "playwright.Page", step: Step, answer: int) -> None:
    """Predict, run, and wait for the end."""
    page.locator(".answer input").nth(answer).check()
    page.get_by_role("button", name="Run it").click()
    holds(page, "document.querySelector('main').dataset.running === 'no'", TRAINING)
    assert page.locator(".problem").count() == 0, page.locator(".problem").first.inner_text()
    figures = page.locator(".see table").first.locator("tr").count()
    assert figures == len(step.figures)


def test_a_step_from_its_prediction_to_what_was_measured(browser: "playwright.Browser", address: str) -> None:
    step = step_named("saturation")
    assert step
    with opened(browser, f"{address}/learn/{step.name}", NARROW) as page:
        ready(page)
        assert page.get_by_role("button", name="Run it").is_disabled()
        played(page, step, answer=0)
        assert page.locator(".verdict").inner_text().startswith(f"You predicted: {step.answers[0]}. Measured: ")
        assert step.answers[step.expected] in page.locator(".verdict").inner_text()
        assert page.locator(".stage .board").count() == 2
        holds(page, f"document.documentElement.scrollWidth <= {NARROW[0]}")
        shot(page, "learn-saturation-400")
        told = page.locator(".see p").nth(1).inner_text()
        page.reload()
        ready(page)
        assert page.locator(".see p").nth(1).inner_text() == told  # kept in the browser
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**/learn/digits")
        ready(page)
        page.keyboard.press("ArrowLeft")
        page.wait_for_url("**/learn/saturation")
        page.goto(f"{address}/learn")
        ready(page)
        assert page.locator(".steps small").all_inner_texts() == ["✓ done"]
        assert page.get_by_role("link", name="Go on with step 1").get_attribute("href") == f"/learn/{STEPS[0].name}"
        page.goto(address)
        ready(page)
        page.get_by_role("link", name="Go on learning").click()
        page.wait_for_url("**/learn")
        page.get_by_role("button", name="Start over").click()
        assert page.locator(".steps small").count() == 0
        assert page.locator(".glossary dt").count() > 30


@pytest.mark.slow
def test_the_whole_course_from_start_to_end(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/learn") as page:
        ready(page)
        page.get_by_role("link", name="Begin").click()
        for step in STEPS:
            page.wait_for_url(f"**/learn/{step.name}")
            ready(page)
            assert page.locator("h1").inner_text() == step.title
            if step is STEPS[0]:  # the picture does not give its answer away
                assert "slope" not in (page.locator(".flow").text_content() or "")
            played(page, step, step.expected)
            if step is STEPS[0]:
                assert "the slope of D" in (page.locator(".flow").text_content() or "")
            assert page.locator(".verdict").inner_text() == f"✓ As you predicted: {step.answers[step.expected]}."
            shot(page, f"learn-{step.name}-1400")
            if step is STEPS[-1]:
                with page.expect_download() as download:
                    page.get_by_role("link", name="Keep ").click()
                assert Path(download.value.path()).stat().st_size > 10_000
            page.keyboard.press("ArrowRight")
        page.wait_for_url("**/lessons")
        page.goto(f"{address}/learn")
        ready(page)
        assert page.locator(".steps small").all_inner_texts() == ["✓ predicted"] * len(STEPS)
