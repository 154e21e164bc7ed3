"""The report: one whole page for any run folder, safe to open, faithful to the numbers."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser
from plotly.offline import get_plotlyjs

from ganatomy.config import settings
from ganatomy.config.options import Config
from ganatomy.report import page
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard, card_path, subject_of_run

EVIL = "x</script><script>alert(1)</script><img src=x onerror=alert(2)>"
INFO = {
    "status": "finished",
    "step": 4210,
    "images": 269440,
    "seconds": 90.2,
    "machine": {"processor": "AMD EPYC", "cores": 2, "gpus": []},
    "versions": {"torch": "2.13.0"},
    "data": {"source": "digits", "images": 5000, "fingerprint": "da406f1cf746aa", "classes": []},
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A finished run with a little of everything."""
    run = Run.create("whole", settings.from_dict({"recipe": "digits"}), tmp_path)
    run.update(**INFO)
    for step in range(20, 4201, 20):
        run.append(record(step))
    run.event("started", step=0, attempt=0)
    run.event("not finite", network="generator", step=2100, retry=0)
    run.event("resumed", step=2000, attempt=1)
    for step in range(0, 4201, 70):
        save(run.path / "samples" / f"{step:06d}.png", step)
    save(run.path / "reals.png", 0)
    frames = [Image.new("L", (28, 28), shade) for shade in (0, 90, 180)]
    frames[0].save(run.path / "walk.webp", save_all=True, append_images=frames[1:], lossless=True)
    (run.path / "checkpoints" / "step-00004210").mkdir(parents=True)
    return run


def record(step: int, **changes: float) -> dict[str, float]:
    numbers = {"loss/discriminator": 1.3, "loss/generator": 0.8, "probability/real": 0.6, "probability/fake": 0.4}
    return {"step": step, "images": 64 * step, "seconds": step / 50, "images_per_second": 3200.0, **numbers, **changes}


def save(path: Path, shade: int) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.new("L", (242, 242), shade % 256).save(path)


def written(run: Run) -> str:
    """The page without plotly's script, which has addresses in it that it never visits for our charts."""
    html = page.write(run).read_text(encoding="utf-8")
    assert html.count(get_plotlyjs()) == 1
    return html.replace(get_plotlyjs(), "")


def embedded(html: str) -> dict:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    return json.loads(text)


def curve(html: str, name: str, chart: int = 0) -> dict:
    return next(curve for curve in embedded(html)["charts"][chart]["series"] if curve["name"] == name)


def test_the_page_is_whole(run: Run) -> None:
    html = written(run)
    addresses = re.findall(r'(?:src|srcset|href|action|poster)\s*=\s*"([^"]*)"', html)
    assert len(addresses) == 4  # icon, generated, real, walk
    assert all(address.startswith("data:") for address in addresses)
    assert "//" not in re.sub(r"//[^\n]*$", "", re.sub(r"base64,[\w+/=]+", "", html), flags=re.MULTILINE)
    assert not re.search(r"url\(|@import|\bfetch\(|XMLHttpRequest|\bimport\(|<iframe|<object", html)


@pytest.mark.parametrize(
    ("device", "processes", "words"), [("cuda", 1, "H200"), ("cuda:1", 1, "A100"), ("cuda", 2, "2 × H200")]
)
def test_it_names_the_gpu_that_trained(run: Run, device: str, processes: int, words: str) -> None:
    run.write_config(settings.change(run.config(), {"runtime.device": device}))
    run.update(processes=processes, machine={**INFO["machine"], "gpus": ["H200", "A100"]})
    assert f"in 1 min 30 s on {words}" in written(run)


def test_it_says_what_happened(run: Run) -> None:
    html = written(run)
    assert "Finished: 4,210 steps, 269,440 images in 1 min 30 s on AMD EPYC, 2 cores" in html
    assert "5,000 images from digits, fingerprint da406f1cf746<" in html
    assert "resumed 1 time<" in html
    assert "log 4 for the discriminator and log 2 for the generator" in html
    assert f"ganatomy train --resume {run.path} --steps 8420" in html
    assert "24 of 61 snapshots" in html
    assert [mark["x"] for mark in embedded(html)["marks"]] == [2100, 2000]


def test_timeline_runs_from_first_to_last(run: Run) -> None:
    steps = [frame["step"] for frame in embedded(written(run))["frames"]]
    assert (len(steps), steps[0], steps[-1]) == (24, 0, 4200)
    assert set(np.diff(steps)) <= {140, 210}


def test_text_from_files_stays_text(tmp_path: Path) -> None:
    run = Run(tmp_path / "x<script>alert(3)<script>")
    run.path.mkdir()
    run.update(**{**INFO, "status": EVIL, "error": EVIL, "command": EVIL, "versions": {EVIL: EVIL}})
    run.update(data={"source": EVIL, "images": 1, "fingerprint": EVIL}, machine={"processor": EVIL, "cores": EVIL})
    run.write_text("config.yaml", settings.to_yaml(settings.from_dict({"recipe": EVIL, "objective": {"name": EVIL}})))
    run.append(record(1, **{f"loss/{EVIL}": 1.0, f"penalty/{EVIL}": 1.0}))
    run.event(EVIL, **{EVIL: EVIL})
    html = written(run)
    assert html.count("<script") == html.count("</script>") == 3
    assert "<img" not in html
    assert curve(html, EVIL)["y"] == [1.0]


def hostile(run: Run) -> None:
    """Markup in every name and text of a run that somebody else can choose."""
    run.update(**INFO | {"status": EVIL, "error": EVIL, "command": EVIL, "parts": [], "critic": False})
    texts = {"discriminator": EVIL, "generator": EVIL}
    run.update(equilibrium={"discriminator": 1.38, "generator": 0.69, "response": 0.5, "texts": texts})
    run.append(record(4220, **{f"loss/{EVIL}": 1.0, f"penalty/{EVIL}": 1.0, f"gradient_norm/{EVIL}": 1.0}))
    run.event("verdict", verdict=EVIL, step=4220)
    run.event(EVIL, **{EVIL: EVIL})
    protocol = {"samples": 500, "features": {"name": EVIL}, "reference": {"images": 5000, "fingerprint": EVIL}}
    (run.path / "eval").mkdir()
    for step in (1000, 2000):
        score = Score(step, 0, 9000, 2.7, "lower", {EVIL: EVIL}, {EVIL: EVIL})
        subject = {**subject_of_run(run, step, 500), "run": EVIL}
        ScoreCard(subject, protocol, {EVIL: score}, {"time": EVIL, "reference": EVIL, "not_taken": [EVIL]}).save(
            run.path / "eval" / f"step-{step:08d}-x-500.json"
        )
    (run.path / "samples" / "<img src=x onerror=alert(4)>.png").write_bytes(b"")


def test_only_the_pages_own_scripts_run_and_they_draw_offline(run: Run, browser: Browser) -> None:
    hostile(run)
    path = page.write(run)
    assert path.read_text().count("<script") == 3
    # As if a text somewhere were not escaped: the policy is the second line of defence.
    injected = "<script>document.title = 'hit'</script><img src=x onerror=\"document.title = 'hit'\">"
    (run.path / "injected.html").write_text(path.read_text().replace("</main>", injected + "</main>"))
    for name, complaints in (("report.html", 0), ("injected.html", 2)):
        context = browser.new_context(offline=True)
        tab, console, dialogs = context.new_page(), [], []
        tab.on("console", lambda message, console=console: console.append(message.text))
        tab.on("pageerror", lambda error, console=console: console.append(str(error)))
        tab.on("dialog", lambda dialog, dialogs=dialogs: (dialogs.append(dialog.message), dialog.dismiss()))
        tab.goto((run.path / name).as_uri())
        assert tab.title() == f"{run.name} · Ganatomy"
        assert not dialogs
        assert tab.locator(".chart .main-svg").count() >= 2 * tab.locator(".chart").count() > 0
        assert tab.locator("#timeline output").inner_text() == "step 4,200"
        assert EVIL in tab.locator(".legend").all_text_contents()[0]
        assert EVIL in tab.locator("h3").all_inner_texts()[-1]
        refused = [text for text in console if "Content Security Policy" in text]
        assert len(refused) >= complaints
        assert complaints or not console
        context.close()


@pytest.mark.parametrize("status", [None, "running", "stopped", "failed"])
def test_a_run_with_nothing_in_it(tmp_path: Path, status: str | None) -> None:
    run = Run(tmp_path / "empty")
    run.path.mkdir()
    if status:
        run.update(status=status)
    html = written(run)
    assert "No samples yet" in html
    assert "No records yet" in html
    assert embedded(html) == {"frames": [], "charts": [], "marks": []}


def test_a_run_that_has_just_begun(tmp_path: Path) -> None:
    run = Run.create("young", Config(), tmp_path)
    run.update(status="running")
    run.append(record(20))
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 40, "loss/discrim')
    save(run.path / "samples" / "000000.png", 0)
    html = written(run)
    assert "In training when this page was written: 20 steps, 1,280 images in 0 s" in html
    assert 'id="timeline"' not in html
    assert curve(html, "discriminator")["x"] == [20]


def test_nulls_are_gaps(run: Run) -> None:
    run.append(record(4220, **{"loss/generator": math.nan, "seconds": math.inf}))
    run.append({"step": 4240, "penalty/r1": 0.5})
    html = written(run)
    assert curve(html, "generator")["y"][-3:] == [0.8, None, None]
    penalty = curve(html, "r1", chart=2)
    assert (penalty["x"][-1], penalty["y"][-2:]) == (4240, [None, 0.5])


def test_scores_where_there_are_no_probabilities(tmp_path: Path) -> None:
    run = Run.create("critic", settings.from_dict({"objective": {"name": "wasserstein"}}), tmp_path)
    run.append({"step": 1, "score/real": 2.0, "score/real_std": 0.5, "score/fake": -1.0, "score/fake_std": 0.25})
    html = written(run)
    assert [curve(html, "D(x), real")[edge]["y"] for edge in ("low", "high")] == [[1.5], [2.5]]
    assert [curve(html, "D(G(z)), generated")[edge]["y"] for edge in ("low", "high")] == [[-1.25], [-0.75]]


def test_scores_are_listed_and_drawn_over_training(run: Run) -> None:
    for step in (1000, 2000):
        score = Score(step / 100, step / 100 - 1, step / 100 + 1, 2.7, "lower", {}, {"by <chance>": [0.1, 0.2]})
        features = {"name": "lenet", "sha256": "46d3"}
        protocol = {"samples": 500, "features": features, "reference": {"images": 5000, "fingerprint": "da40"}}
        card = ScoreCard(
            subject_of_run(run, step, 500), protocol, {"fd_lenet": score}, {"time": "now", "reference": EVIL}
        )
        card.save(card_path(run, card))
    html = page.text(run)
    assert "20 [19, 21]" in html
    assert "10 [9, 11]" not in html  # of an earlier step: in the chart
    assert "by &lt;chance&gt;: [0.1, 0.2]" in html
    assert EVIL not in html
    chart = next(chart for chart in embedded(html)["charts"] if chart["series"][0]["name"] == "fd_lenet")
    (curve,) = chart["series"]
    assert (curve["x"], curve["y"], curve["low"]["y"]) == ([1000, 2000], [10.0, 20.0], [9.0, 19.0])
    assert chart["levels"] == [{"y": 2.7, "text": "real data", "role": "neutral"}]
