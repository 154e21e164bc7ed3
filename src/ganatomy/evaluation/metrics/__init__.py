"""Scores of generated samples as functions of arrays; no torch, no files, no configuration.

Each module registers its metrics beside the functions of arrays that anybody may call.
"""

# isort: off
# In the order of help texts and tables; the report draws the first score.
from ganatomy.evaluation.metrics import (
    frechet,
    kernel,
    inception_score,
    neighbours,
    classes,
    ndb,
    two_sample,
    wasserstein,
    ms_ssim,
    memorisation,
    parzen,
)

# isort: on
from ganatomy.evaluation.metrics.registry import METRICS, Measurement, Metric, Sample, Sets, register_metric

__all__ = [
    "METRICS",
    "Measurement",
    "Metric",
    "Sample",
    "Sets",
    "classes",
    "frechet",
    "inception_score",
    "kernel",
    "memorisation",
    "ms_ssim",
    "ndb",
    "neighbours",
    "parzen",
    "register_metric",
    "two_sample",
    "wasserstein",
]
