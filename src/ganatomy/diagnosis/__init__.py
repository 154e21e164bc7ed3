"""What is wrong with a training, since when, and what helps: from its records alone. No torch here."""

from ganatomy.diagnosis.facts import Facts
from ganatomy.diagnosis.loop import Diagnosis
from ganatomy.diagnosis.reading import of_run
from ganatomy.diagnosis.watch import HEALTHY, Finding, Watch, diagnose

__all__ = ["HEALTHY", "Diagnosis", "Facts", "Finding", "Watch", "diagnose", "of_run"]
