"""What is wrong with a training, since when, and what helps: from its records alone.

A `probe` measures `signals`, `rules` judge them, `remedies` help, a `monitor` follows a training; `loop` is for loops
of your own. Only `probe` and `probe_images` need torch.
"""

from ganatomy.diagnosis import rules  # registers ours, before those of others
from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.finding import HEALTHY, TOO_EARLY, Finding
from ganatomy.diagnosis.monitor import Monitor, diagnose
from ganatomy.diagnosis.reading import diagnose_run, divergence_record
from ganatomy.diagnosis.remedies import Remedy
from ganatomy.diagnosis.rule import RULES, Symptom, finding_names, rule
from ganatomy.diagnosis.window import Window

__all__ = [
    "HEALTHY",
    "RULES",
    "TOO_EARLY",
    "Finding",
    "Monitor",
    "Remedy",
    "Symptom",
    "TrainingContext",
    "Window",
    "diagnose",
    "diagnose_run",
    "divergence_record",
    "finding_names",
    "rule",
    "rules",
]
