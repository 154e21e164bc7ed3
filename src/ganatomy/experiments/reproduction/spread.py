"""The parts of chapters on the machines of a cluster, side by side."""

import os
from collections.abc import Sequence
from itertools import zip_longest

from ganatomy.experiments.reproduction.chapters import CHAPTERS
from ganatomy.experiments.reproduction.context import ReproductionContext
from ganatomy.experiments.reproduction.worker import PartTask
from ganatomy.system import files
from ganatomy.training.cluster.engine import Engine
from ganatomy.training.cluster.processes import Program, own_environment
from ganatomy.training.cluster.programs import side_by_side


def spread(names: Sequence[str], context: ReproductionContext, engine: Engine) -> str:
    """Carry out the parts of these chapters; returns what each had, in words.

    A run that several chapters need is trained once. Raises UserError where Ray cannot be used or a machine has not the
    folder of the runs, and as the chapters.
    """
    chosen = [name for name in CHAPTERS if name in names]
    stages = [CHAPTERS[name].parts(context) for name in chosen]
    with files.explained(context.runs):
        context.runs.mkdir(parents=True, exist_ok=True)
    with engine.joined("`ganatomy reproduce --on`", 1, context.console) as reserved:
        threads = max(1, int(reserved.get("CPU", 0)))
        environment = {"OMP_NUM_THREADS": str(threads), **own_environment()}
        for number, together in enumerate(zip_longest(*stages, fillvalue={})):
            programs: dict[str, Program] = {}
            for chapter, parts in zip(chosen, together, strict=True):
                for part in parts:
                    task = PartTask.of(context, chapter, number, part, threads).to_text()
                    module = "ganatomy.experiments.reproduction.worker"
                    program = Program(module, task, os.getcwd(), environment, needs=str(context.runs))
                    programs.setdefault(part, program)
            side_by_side(programs, reserved, context.console)
    return " and ".join(f"{amount:g} {name}{'s'[: amount != 1]}" for name, amount in reserved.items())
