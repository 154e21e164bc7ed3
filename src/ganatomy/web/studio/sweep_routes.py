"""What pages ask of sweeps: a list, and each with its tables and charts. Nothing here changes a sweep. No torch."""

import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ganatomy.errors import UserError
from ganatomy.sweeps.folder import SWEEPS, Sweep
from ganatomy.system.extras import needed
from ganatomy.web.strict_json import StrictJSONResponse
from ganatomy.web.studio.api_route import ApiRoute
from ganatomy.web.studio.run_store import RunStore, brief, reading
from ganatomy.web.studio.summaries import summarise
from ganatomy.web.studio.time_limit import TimeLimit

if TYPE_CHECKING:
    from ganatomy.sweeps.journal import Journal
    from ganatomy.sweeps.overview import SweepOverview, TableLine

LIST_SECONDS = 2.0  # that a list waits for one sweep
PAGE_SECONDS = 60.0  # that a page waits for its own: of many trials, the importance of options takes long
WHO = "The page of a sweep"
WATCHED = ("sweep.json", "journal.jsonl", "best.yaml", "report.html")  # files whose changes matter
AGAIN = "*-seed-*"  # the runs of a sweep that are no trials

Signature = tuple[object, ...]


@dataclass(frozen=True)
class SweepSummary:
    """What the list of sweeps shows of one.

    state     running, finished or stopped; "unreadable" where problem says why
    status    how many trials there are, and how they ended
    """

    name: str
    state: str
    status: str = ""
    conclusion: str = ""
    problem: str | None = None


class SweepReader:
    """One sweep, read again only where its folder has changed."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self._kept: dict[str, tuple[Signature, Any]] = {}
        self._lock = threading.Lock()

    def summary(self) -> SweepSummary:
        """For the list of sweeps."""
        from ganatomy.sweeps import overview, results

        def made(journal: "Journal") -> SweepSummary:
            found = results.rows(self.sweep, journal)
            words = overview.status(found), results.compared(self.sweep, journal)
            return SweepSummary(self.sweep.name, overview.state(self.sweep, journal), *words)

        return self._unchanged("summary", made)

    def overview(self) -> "SweepOverview":
        """For its page."""
        from ganatomy.sweeps import overview

        return self._unchanged("overview", partial(overview.overview, self.sweep))

    def _unchanged(self, what: str, made: "Callable[[Journal], Any]") -> Any:
        from ganatomy.sweeps.journal import Journal

        with self._lock:
            signature = self._signature()
            if what not in self._kept or self._kept[what][0] != signature:
                self._kept[what] = signature, made(Journal.of(self.sweep, read_only=True))
            return self._kept[what][1]

    def _signature(self) -> Signature:
        again = [path for run in sorted(self.sweep.runs.glob(AGAIN)) for path in (run / "run.json", run / "eval")]
        return self.sweep.is_locked(), *map(_stamp, [*(self.sweep.path / name for name in WATCHED), *again])


class SweepRoutes:
    """What is read from the folder of sweeps."""

    def __init__(self, store: RunStore, limit: TimeLimit) -> None:
        self.store, self.limit = store, limit
        self._readers: dict[str, SweepReader] = {}

    def routes(self) -> list[Route]:
        """Of all that is read."""
        return [ApiRoute("/api/sweeps", self.sweeps), ApiRoute("/api/sweeps/{name}", self.sweep)]

    def sweeps(self, request: Request) -> Response:
        """A summary of each sweep."""
        self._import()
        return StrictJSONResponse({"sweeps": [asdict(self._summary(name)) for name in self.store.sweep_names()]})

    def sweep(self, request: Request) -> Response:
        """All that a sweep's page shows."""
        self._import()
        name = request.path_params["name"]
        return StrictJSONResponse(self.limit.read(f"sweep {name}", PAGE_SECONDS, lambda: self._content(name)))

    def _import(self) -> None:
        """Before the time limits of reading: importing Optuna takes long on a busy machine."""
        if self.store.sweep_names():
            with suppress(UserError):  # said of each sweep
                needed("optuna", "sweep", WHO)
                importlib.import_module("ganatomy.sweeps.overview")

    def _content(self, name: str) -> dict[str, Any]:
        with self._reader(name) as reader:
            seen = reader.overview()
            lines = [replace(line, cells=self._live(reader.sweep, line)) for line in seen.trials.lines]
            content = asdict(replace(seen, trials=replace(seen.trials, lines=lines)))
            best = None if seen.best is None else reader.sweep.run(seen.best)
            return content | {
                "command": None if seen.command is None else self.store.words(seen.command),
                "resume": f"ganatomy sweep --resume {Sweep(SWEEPS / name).address}",
                "picture": None if best is None else max(best.snapshots(), default=None),
            }

    def _live(self, sweep: Sweep, line: "TableLine") -> list[str]:
        """The cells of a trial; of one that has no outcome yet, how far its run is."""
        if not line.open or line.run is None or not sweep.run(line.run).info():
            return line.cells
        run = summarise(sweep.run(line.run))
        return [line.cells[0], f"{run.state}, step {run.step or 0:,}", *line.cells[2:]]

    def _summary(self, name: str) -> SweepSummary:
        def made() -> SweepSummary:
            with self._reader(name) as reader:
                return reader.summary()

        try:
            return self.limit.read(f"sweep {name}", LIST_SECONDS, made)
        except UserError as error:
            return SweepSummary(name, "unreadable", problem=self.store.words(error))

    @contextmanager
    def _reader(self, name: str) -> Iterator[SweepReader]:
        """The reader of a sweep, whose failures become one sentence. Raises UserError where it cannot be read."""
        sweep = self.store.sweep(name)
        optuna = needed("optuna", "sweep", WHO)
        try:
            with reading(name):
                yield self._readers.setdefault(name, SweepReader(sweep))
        except (AssertionError, optuna.exceptions.OptunaError) as error:
            raise UserError(f"{name} cannot be shown: its journal is damaged ({brief(error)}).") from None


def _stamp(path: Any) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
