"""Every finding, one rule each (one has three), causes before their effects.

Losses alone decide nothing: signals are compared with what real images score against real ones (the floors), with
chance, or with the objective's equilibrium. `monitor` decides how long a rule must hold.
"""

# Imported for their registrations, in the order in which findings are reported: causes first.
from ganatomy.diagnosis.rules import inputs  # isort: skip
from ganatomy.diagnosis.rules import players  # isort: skip
from ganatomy.diagnosis.rules import images  # isort: skip
from ganatomy.diagnosis.rules import fallbacks  # isort: skip

__all__ = ["fallbacks", "images", "inputs", "players"]
