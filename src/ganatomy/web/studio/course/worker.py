"""Runs the steps of the course, frame by frame: a page asks for each, and is shown it. In a worker process."""

import base64
from collections import OrderedDict
from dataclasses import asdict
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field

from ganatomy.errors import unknown
from ganatomy.experiments.claims.claim import number
from ganatomy.web.studio.course import digits, games  # noqa: F401 — their experiments
from ganatomy.web.studio.course.frame import EXPERIMENTS, Experiment, Finished, StepFrame
from ganatomy.web.studio.course.steps import step_named
from ganatomy.web.studio.lab_games import LiveGame
from ganatomy.web.studio.worker_client import Answer
from ganatomy.web.studio.worker_process import Handler
from ganatomy.web.validation import read

PAGES = 4  # whose experiments go on at a time; of more, the one that was not asked for longest ends


class CourseRequest(BaseModel):
    """A request of a page: to begin the experiment of a step anew, or for its next frame.

    page: the page's own name for itself.
    """

    model_config = ConfigDict(extra="forbid")

    page: str = Field(max_length=100)
    step: str
    action: Literal["begin", "next"]
    seed: int = Field(0, ge=0, lt=2**32)


class RunningStep:
    """An experiment on its way, and the games whose description its page has."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self.experiment: Experiment = EXPERIMENTS[name](seed)
        self._described = set[int]()

    def next(self) -> dict[str, Any]:
        """The next frame; after the last one, what was measured."""
        try:
            return self._shown(next(self.experiment))
        except StopIteration as end:
            return {"end": self._measured(end.value)}

    def _shown(self, frame: StepFrame) -> dict[str, Any]:
        boards = [
            {"objective": game.options.objective, **self._description(game), **game.view(quick=True)}
            for game in frame.games
        ]
        pictures = [{"title": each.title, "source": _data_uri("image/png", each.png)} for each in frame.pictures]
        return {
            "words": frame.words,
            "games": boards,
            "flow": asdict(frame.flow) if frame.flow else None,
            "pictures": pictures,
        }

    def _description(self, game: LiveGame) -> dict[str, Any]:
        if id(game) in self._described:
            return {}
        self._described.add(id(game))
        return game.description()

    def _measured(self, end: Finished) -> dict[str, Any]:
        step = step_named(self.name)
        assert step
        return {
            "figures": {name: number(figure) for name, figure in end.figures.items()},
            "answer": step.decide(end.figures),
            "told": step.told(end.figures),
            "words": end.words,
            "file": _data_uri("application/octet-stream", end.file) if end.file else None,
            "file_name": end.file_name,
        }


class CourseWorker:
    """The experiments of all pages, by the names that the pages give themselves."""

    def __init__(self) -> None:
        torch.set_num_threads(1)  # games this small are slower on several
        self.running: OrderedDict[str, RunningStep] = OrderedDict()

    def answer(self, request: dict[str, Any]) -> Answer:
        """A `CourseRequest` → a frame, or {"end": what was measured}; {"gone": true} where the experiment was dropped.

        Raises UserError for an invalid one, and where the experiment does.
        """
        asked = read(CourseRequest, request)
        if asked.step not in EXPERIMENTS:
            raise unknown("step", asked.step, EXPERIMENTS)
        if asked.action == "begin":
            self._drop(asked.page)
            self.running[asked.page] = RunningStep(asked.step, asked.seed)
            if len(self.running) > PAGES:
                self._drop(next(iter(self.running)))
        found = self.running.get(asked.page)
        if found is None or found.name != asked.step:
            return Answer({"gone": True})
        self.running.move_to_end(asked.page)
        shown = found.next()
        if "end" in shown:
            self._drop(asked.page)
        return Answer(shown)

    def _drop(self, page: str) -> None:
        """End the experiment of a page, and a training with it."""
        if (found := self.running.pop(page, None)) is not None:
            found.experiment.close()


def handler() -> Handler:
    """What a worker process answers with."""
    return CourseWorker().answer


def _data_uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
