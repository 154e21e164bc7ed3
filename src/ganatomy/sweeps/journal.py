"""The journal of a sweep: Optuna's study, of which every change is a line of JSON. Nothing is pickled or unpickled."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from ganatomy.errors import UserError
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.pruning import FINISHED, behind
from ganatomy.sweeps.space import Point, Space
from ganatomy.system import files

Entry: TypeAlias = dict[str, Any]
STUDY = "sweep"


class JournalFile(BaseJournalBackend):  # type: ignore[misc]  # where Optuna is not installed, its classes are Any
    """The lines of a file, for the one process that holds the sweep's lock, or a copy of them for a reader.

    Optuna's own keeps a lock that outlives a killed process, and refuses a file whose last line a kill has cut short.
    """

    def __init__(self, path: Path, read_only: bool = False) -> None:
        """Read what is there; a last line without an end is removed: what it said was never acted upon.

        read_only: the file stays as it is. Raises UserError where another line cannot be read.
        """
        self.path, self.read_only = path, read_only
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content) and not read_only:
            with path.open("r+b") as file:
                file.truncate(len(whole))
        self.entries = [self._parsed(number, line) for number, line in enumerate(whole.splitlines(), 1)]

    def _parsed(self, number: int, line: bytes) -> Entry:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict) or not isinstance(entry.get("op_code"), int):
            raise UserError(f"{self.path} is damaged: line {number} is no entry of a journal.")
        return entry

    def read_logs(self, log_number_from: int) -> Iterable[Entry]:
        """The entries from a number on, counted from 0."""
        return self.entries[log_number_from:]

    def append_logs(self, logs: list[Entry]) -> None:
        """Write entries to the file and to disk; of a reader's copy, to memory alone."""
        if not self.read_only:
            self._write("".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in logs))
        self.entries += [json.loads(json.dumps(entry)) for entry in logs]  # as they will be read

    def _write(self, lines: str) -> None:
        with files.explained(self.path.parent):
            files.append_text(self.path, lines)
            with self.path.open("r+b") as file:
                os.fsync(file.fileno())


class Journal:
    """The trials of a sweep. Only the process that holds the sweep's lock may change it; others read a copy."""

    def __init__(self, path: Path, objectives: int, seed: int, read_only: bool = False) -> None:
        """Raises UserError where the file is damaged."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.directions, self.seed = [StudyDirection.MINIMIZE] * objectives, seed
        self.storage = JournalStorage(JournalFile(path, read_only))
        if STUDY in optuna.get_all_study_names(self.storage):
            self.study = optuna.load_study(study_name=STUDY, storage=self.storage)
        else:
            self.study = optuna.create_study(study_name=STUDY, storage=self.storage, directions=self.directions)
        self._study_id = self.storage.get_study_id_from_name(STUDY)

    @classmethod
    def of(cls, sweep: Sweep, read_only: bool = False) -> "Journal":
        """Of a sweep's folder. Raises UserError where a file of it is damaged."""
        options = sweep.options()
        return cls(sweep.journal, len(options.objectives), options.seed, read_only)

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """Trials in order, those in these states or all."""
        return self.study.get_trials(deepcopy=False, states=states or None)

    def unfinished(self) -> list[FrozenTrial]:
        """Trials that were begun and have no outcome."""
        return self.trials(TrialState.RUNNING)

    def ask(self, space: Space, first: Point) -> FrozenTrial:
        """Begin a new trial: one line of the journal, so that a kill leaves all of it or nothing.

        first: the point of the very first trial, if the space has it. Where a trial lies is a function of the seed, its
        number and the trials before: a copy of the study in memory is asked, by a sampler that is seeded anew.
        """
        before = self.trials()
        number = int.from_bytes(hashlib.blake2b(f"{self.seed}/{len(before)}".encode(), digest_size=4).digest())
        copy = optuna.create_study(directions=self.directions, sampler=optuna.samplers.TPESampler(seed=number))
        copy.add_trials(before)
        if not before and (parameters := space.parameters(first)):
            copy.enqueue_trial(parameters)
        point = space.draw(copy.ask())
        asked = copy.get_trials(deepcopy=False)[-1]
        new = create_trial(
            state=TrialState.RUNNING,
            params=asked.params,
            distributions=asked.distributions,
            user_attrs={"point": point},
        )
        self.study.add_trial(new)
        return self.trials()[-1]

    def tell(self, trial: FrozenTrial, state: TrialState, values: list[float] | None = None, **facts: Any) -> None:
        """End a trial: what is known of it, then its state and values. A kill in between leaves it unfinished."""
        trial_id = self._id(trial)
        for name, fact in facts.items():
            self.storage.set_trial_user_attr(trial_id, name, fact)
        self.study.tell(trial.number, values, state=state)

    def compared(self, trial: FrozenTrial) -> set[int]:
        """The rungs, in percent of its budget, at which a trial's distance is known."""
        return set(self.storage.get_trial(self._id(trial)).intermediate_values)

    def behind(self, trial: FrozenTrial, distances: Mapping[int, float]) -> str | None:
        """Keep a trial's distances at rungs; why it should end, if it is or was behind half of the finished ones.

        The median rule of Golovin et al. 2017 (Google Vizier), section 3.5.1, as Optuna has it; for one objective.
        """
        trial_id = self._id(trial)
        for rung in sorted(distances.keys() - self.compared(trial)):
            self.storage.set_trial_intermediate_value(trial_id, rung, distances[rung])
            pruner = optuna.pruners.MedianPruner(n_startup_trials=FINISHED)
            if pruner.prune(self.study, self.storage.get_trial(trial_id)):
                others = (other.intermediate_values.get(rung) for other in self.trials(TrialState.COMPLETE))
                reason = behind(rung, distances[rung], median(each for each in others if each is not None))
                self.storage.set_trial_user_attr(trial_id, "behind", reason)
        found: str | None = self.storage.get_trial(trial_id).user_attrs.get("behind")
        return found

    def _id(self, trial: FrozenTrial) -> int:
        return self.storage.get_trial_id_from_study_id_trial_number(self._study_id, trial.number)

    def best(self) -> list[FrozenTrial]:
        """Finished trials, the best first; of several objectives first those on the Pareto front.

        Equally good ones are in order of the first objective.
        """
        done = sorted(self.trials(TrialState.COMPLETE), key=lambda trial: (trial.values, trial.number))
        if len(self.directions) == 1:
            return done
        front = {trial.number for trial in self.study.best_trials}
        return sorted(done, key=lambda trial: trial.number not in front)
