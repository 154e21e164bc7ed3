"""Scores of generated sounds against real ones, as functions of int16 [N, T]; no torch, no files.

Each module registers its metrics; `evaluator` measures sounds beside baselines.
"""

# isort: off
# In the order of help texts and tables.
from ganatomy.evaluation.sounds import distance, pitch

# isort: on
from ganatomy.evaluation.sounds.registry import SOUND_METRICS, SoundMetric, SoundSets, register_sound_metric

__all__ = ["SOUND_METRICS", "SoundMetric", "SoundSets", "distance", "pitch", "register_sound_metric"]
