"""Recovery from a fault, a bounded number of times: back to a checkpoint, with other random numbers or options."""

from dataclasses import replace

from rich.console import Console

from ganatomy.config import settings
from ganatomy.config.options import Config
from ganatomy.diagnosis import Finding, Monitor, diagnose_run, divergence_record, wording
from ganatomy.errors import UserError
from ganatomy.gan.player import NonFiniteError
from ganatomy.runs.run import Run
from ganatomy.system import files
from ganatomy.training.loop import Stopped
from ganatomy.training.prepare import Prepared


class Recovery:
    """Decides how a training continues after a fault; `retry` counts roll-backs since the last change of options."""

    def __init__(self, run: Run, console: Console) -> None:
        self.run, self.console, self.retry = run, console, 0

    def after(self, stopped: Stopped, prepared: Prepared) -> Prepared:
        """What the next session begins with; the run folder is rolled back to that step.

        Raises UserError where no retry and no remedy is left.
        """
        if isinstance(stopped, Finding):
            return self._remedied(prepared, stopped)
        return self._rolled_back(prepared, stopped)

    def _rolled_back(self, prepared: Prepared, fault: NonFiniteError) -> Prepared:
        if prepared.runtime.leads:
            self.run.event("not finite", network=fault.network, step=fault.step, retry=self.retry)
        self.console.print(f"{str(fault).capitalize()}; the update was skipped.", style="yellow", highlight=False)
        if prepared.runtime.world == 1:
            prepared = replace(prepared, config=self.run.config())  # a person may have changed the rates
        retries = prepared.config.training.retries
        if self.retry == retries:
            monitor = self._diverged(prepared, fault)
            remedies = remedies_left(self.run, prepared.config)
            if monitor is None or remedies <= 0 or not monitor.present[0].settings:
                after = None if monitor is None else wording.next_step(monitor, "failed")
                cure = "try a lower learning rate." if after is None else f"{after.words}: {after.command}"
                raise UserError(f"The training diverged: {fault}, and {retries} roll-backs did not help; {cure}")
            self.retry = 0
            return self._remedied(prepared, monitor.present[0])
        self.retry += 1
        back = max(self.run.checkpoints(), default=0)
        self.console.print(f"Going back to step {back:,} with other random numbers.", style="yellow", highlight=False)
        return prepared

    def _diverged(self, prepared: Prepared, fault: NonFiniteError) -> Monitor | None:
        """Record the verdict that the training diverged, where it is diagnosed, and return the diagnosis."""
        if not (prepared.config.diagnosis.on and prepared.runtime.leads):
            return None
        monitor = diagnose_run(self.run)
        monitor.observe(divergence_record(self.run, fault.step))
        self.run.event("verdict", step=monitor.step, verdict=monitor.verdict, state=monitor.state)
        return monitor

    def _remedied(self, prepared: Prepared, finding: Finding) -> Prepared:
        """With the remedy's options, from the last checkpoint before the finding; from step 0 if networks change."""
        run = self.run
        changed = settings.change(run.config(), finding.settings)  # a person may have changed the rates
        players = ("generator", "discriminator")
        rebuilt = any(getattr(changed, role) != getattr(prepared.config, role) for role in players)
        if rebuilt and changed.init.path:  # other networks cannot start from there
            changed = settings.change(changed, {"init.path": "", "init.step": None, "init.freeze": 0})
            self.console.print("The networks change and start from random weights.", style="yellow", highlight=False)
        before = [] if rebuilt else [step for step in run.checkpoints() if step <= finding.began]
        back = max(before, default=0)
        for step, folder in run.checkpoints().items():
            if step > back or not before:
                files.remove(folder)
        run.forget_after(back)
        run.event("remedy", step=finding.until, finding=str(finding), back=back, **finding.settings)
        run.write_config(changed)
        self.console.print(
            f"{str(finding).capitalize()}: back to step {back:,}, to {finding.remedy}.", style="yellow", highlight=False
        )
        return replace(prepared, config=changed)


def remedies_left(run: Run, options: Config) -> int:
    """How many more findings of a run may be remedied: those that the options allow, less those that were."""
    return options.diagnosis.remedies - sum(event["event"] == "remedy" for event in run.events())
