"""What needs torch: the walk and the lab, by themselves, and as processes that the studio outlives."""

import base64
import io
import json
import math
import os
import shutil
import signal
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import pytest
import torch
from PIL import Image
from visiting import serving

from ganatomy.errors import UserError
from ganatomy.experiments.claims.api import ORDER
from ganatomy.gan import latent
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.generators import api as sampling
from ganatomy.runs.run import Run
from ganatomy.theory.lab.targets import drawn
from ganatomy.web.studio import lesson_experiment
from ganatomy.web.studio.lab_games import LiveGames
from ganatomy.web.studio.latent_walk import LatentExplorer
from ganatomy.web.studio.lessons import LESSONS


def image(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


# --- the walk ---------------------------------------------------------------------------------------------------------


def test_on_a_seed_the_plane_has_that_seeds_image(trained: Run) -> None:
    walker, sampler = LatentExplorer(), sampling.load(trained)
    for x, y in ((0, 0), (3, 2), (7, 7)):
        _, png = walker.answer({"do": "draw", "run": str(trained.path), "at": [x, y]})
        np.testing.assert_array_equal(image(png), sampler.images(sampler.latents([8 * y + x]))[0])


def test_between_seeds_it_changes_little_by_little(trained: Run) -> None:
    walker = LatentExplorer()
    frames = [
        image(walker.answer({"do": "draw", "run": str(trained.path), "at": [1 + share / 20, 2.5]})[1]).astype(float)
        for share in range(21)
    ]
    steps = [np.abs(after - before).mean() for before, after in pairwise(frames)]
    assert 0 < max(steps) < np.abs(frames[-1] - frames[0]).mean()


def test_a_path_leads_through_its_seeds(trained: Run) -> None:
    walker, sampler = LatentExplorer(), sampling.load(trained)
    for place, seed in enumerate((3, 9, 4)):
        _, png = walker.answer({"do": "draw", "run": str(trained.path), "path": [3, 9, 4], "share": place / 3})
        np.testing.assert_allclose(image(png).astype(int), sampler.images(sampler.latents([seed]))[0], atol=1)


def test_directions_of_a_linear_generator_are_its_singular_vectors() -> None:
    random = torch.Generator().manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(n, n, generator=random)).Q for n in (12, 6))
    sizes = torch.tensor([8.0, 5.0, 3.0, 1.0, 0.5, 0.1])
    z = torch.randn(4000, 6, generator=random)
    images = z @ right @ torch.diag(sizes) @ left[:6] + 7
    directions, shares = latent.principal_directions(z, images, 3)
    cosines = torch.cosine_similarity(directions, right.T[:3]).abs()
    assert cosines.min() > 0.99
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(3), atol=0.1, rtol=0)
    torch.testing.assert_close(shares.float(), sizes[:3] ** 2 / (sizes**2).sum(), atol=0.03, rtol=0)


def test_shifts_and_truncation_change_the_image(trained: Run) -> None:
    walker = LatentExplorer()
    order = {"do": "draw", "run": str(trained.path), "at": [1, 1]}
    plain = walker.answer(order)[1]
    told, _ = walker.answer({**order, "do": "directions"})
    assert 0.2 < sum(told["shares"]) <= 1
    assert told["shares"] == sorted(told["shares"], reverse=True)
    assert walker.answer({**order, "shifts": [0, 0]})[1] == plain
    assert walker.answer({**order, "shifts": [2.0, 0]})[1] != plain
    assert walker.answer({**order, "truncation": 0.3})[1] != plain
    assert walker.answer({**order, "truncation": None})[1] == plain
    with pytest.raises(UserError, match="at least two"):
        walker.answer({**order, "path": [3]})


# --- the lab ----------------------------------------------------------------------------------------------------------

SMALL = {"lab": "ring", "width": 8, "batch": 32}


def play(tables: LiveGames, name: str, *moves: tuple[str, int], **options: Any) -> dict[str, Any]:
    told = tables.answer({"table": name, "do": "new", "options": {**SMALL, **options}, "quick": True})[0]
    for do, times in moves:
        told = tables.answer({"table": name, "do": do, "times": times, "quick": True})[0]
    return told


def test_equal_moves_make_equal_games_however_they_are_grouped() -> None:
    tables = LiveGames()
    at_once = play(tables, "a", ("round", 6), ("discriminator", 4), ("generator", 2))
    in_parts = play(
        tables, "b", ("round", 2), ("round", 4), ("discriminator", 1), ("discriminator", 3), ("generator", 2)
    )
    other = play(tables, "c", ("round", 6), ("discriminator", 4), ("generator", 2), seed=1)
    assert {**at_once, "back": 0} == {**in_parts, "back": 0}
    assert at_once["fakes"] != other["fakes"]
    assert (at_once["moves"], at_once["rounds"]) == (12, 6)


def test_taking_back_is_exact() -> None:
    tables = LiveGames()
    before = play(tables, "a", ("round", 3))
    tables.answer({"table": "a", "do": "round", "times": 5})
    after = tables.answer({"table": "a", "do": "back", "quick": True})[0]
    assert after == before
    again = tables.answer({"table": "a", "do": "round", "times": 2, "quick": True})[0]
    assert {**again, "back": 0} == {**play(tables, "b", ("round", 5)), "back": 0}
    tables.answer({"table": "a", "do": "back"})
    tables.answer({"table": "a", "do": "back"})
    with pytest.raises(UserError, match="nothing to take back"):
        tables.answer({"table": "a", "do": "back"})


def test_each_move_moves_its_own_player() -> None:
    tables = LiveGames()
    begin = play(tables, "a")
    judged = tables.answer({"table": "a", "do": "discriminator", "quick": True})[0]
    assert judged["fakes"] == begin["fakes"]
    assert judged["judged"] != begin["judged"]
    moved = tables.answer({"table": "a", "do": "generator", "quick": True})[0]
    assert moved["fakes"] != judged["fakes"]
    assert moved["judged"] == judged["judged"]


def test_the_same_game_as_the_command_plays() -> None:
    from ganatomy.theory.game import new_game
    from ganatomy.theory.game import play as played
    from ganatomy.theory.lab.targets import TARGETS

    told = play(LiveGames(), "a", ("round", 5), objective="hinge")
    table = new_game(2, OBJECTIVES["hinge"], batch=32, width=8, seed=0)
    played(TARGETS["ring"]().density, table, 5)
    z = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
    shown = np.frombuffer(base64.b64decode(told["fakes"]), "<f4").reshape(-1, 2)
    np.testing.assert_allclose(shown, table.generator.network(z).detach(), atol=1e-6)


def test_a_trained_discriminator_approaches_the_best_one() -> None:
    tables = LiveGames()
    before = play(tables, "a", lab="two", width=32, batch=256, learning_rate_discriminator=5e-3)
    after = tables.answer({"table": "a", "do": "discriminator", "times": 300})[0]
    assert after["off"] < 0.1 < before["off"]
    assert abs(after["value"] - after["best_value"]) < 0.1 < abs(before["value"] - before["best_value"])


def test_a_target_drawn_by_hand() -> None:
    target = drawn([(-0.5, 0.0), (0.5, 0.5)])
    assert target.dimension == 2
    assert math.isclose(target.masses.sum().item(), 1, abs_tol=1e-9)
    points = target.grid.points()[target.masses.topk(2).indices]
    assert sorted((round(x, 1), round(y, 1)) for x, y in points.tolist()) == [(-0.5, -0.0), (0.5, 0.5)]
    told = play(LiveGames(), "a", ("round", 2), drawing=[(-0.5, 0.0), (0.5, 0.5)])
    assert told["modes"]["of"] == 2
    for points in ([(2, 0)], [(float("nan"), 0)], [(0, 0)] * 401):
        with pytest.raises(UserError):
            play(LiveGames(), "a", drawing=points)


def test_a_game_that_is_forgotten_says_so() -> None:
    tables = LiveGames()
    for number in range(13):
        tables.answer({"table": str(number), "do": "new", "options": SMALL, "blind": True})
    assert tables.answer({"table": "0", "do": "look"})[0] == {"gone": True}
    assert "gone" not in tables.answer({"table": "12", "do": "look", "blind": True})[0]


def test_what_is_no_game_is_told() -> None:
    for options in ({"objective": "x"}, {"k": 0}, {"width": 10**6}, {"lab": "nowhere"}, {"penalties": {"x": 1}}):
        with pytest.raises(UserError):
            play(LiveGames(), "a", **options)


# --- lessons ----------------------------------------------------------------------------------------------------------


def test_every_claim_has_a_lesson_in_the_claims_order() -> None:
    assert tuple(lesson.claim for lesson in LESSONS) == ORDER
    for lesson in LESSONS:
        assert 0 <= lesson.right < len(lesson.answers)


def test_a_lesson_runs_its_claims_experiment() -> None:
    told, png = lesson_experiment.answer({"claim": "minimum"})
    assert told["holds"]
    assert [figure["must"] for figure in told["figures"]] == ["-1e-09 to 1e-09", "at least 1e-05"]
    assert image(png).shape[1] > 900
    with pytest.raises(UserError, match="no claim"):
        lesson_experiment.answer({"claim": "minimal"})


# --- processes --------------------------------------------------------------------------------------------------------


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(each) for each in found.stdout.split()]


def test_a_room_that_crashes_is_told_and_begins_anew(trained: Run, tmp_path: Path) -> None:
    shutil.copytree(trained.path, tmp_path / "runs" / "waves")
    with serving(tmp_path / "runs") as (address, process), httpx.Client(base_url=address, timeout=60) as client:

        def walk(**order: Any) -> httpx.Response:
            return client.get(f"/api/runs/waves/walk?order={quote(json.dumps({'do': 'draw', 'at': [1, 2], **order}))}")

        first = walk()
        assert first.headers["content-type"] == "image/png"
        assert walk(at="nowhere").status_code == 400
        assert walk(step=3).status_code == 400
        (room,) = children(process.pid)
        os.kill(room, signal.SIGKILL)
        answer = walk()
        assert (answer.status_code, "starts anew" in answer.json()["error"]) == (400, True)
        assert client.get("/api/runs/waves").status_code == 200
        assert walk().content == first.content

        rooms = children(process.pid)
        assert len(rooms) == 1
    assert not [pid for pid in rooms if Path(f"/proc/{pid}").exists() and children(pid) == []]
