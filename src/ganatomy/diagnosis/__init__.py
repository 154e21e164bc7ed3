"""What is wrong with a training, since when, and what helps: from its records alone. No torch here.

`signals` are measured while training, `rules` judge them, `remedies` help, `watch` follows them; `loop` is for loops
of one's own.
"""

from ganatomy.diagnosis.facts import Facts
from ganatomy.diagnosis.reading import of_run, stopped_by
from ganatomy.diagnosis.watch import HEALTHY, Finding, Watch, diagnose

__all__ = ["HEALTHY", "Facts", "Finding", "Watch", "diagnose", "of_run", "stopped_by"]
