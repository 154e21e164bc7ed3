"""A small table with a known density, and trainings on it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganatomy.runs.run import Run
from tiny import quick

CITIES = ("Berlin", "Bonn", "Trier")
SHARES = (0.6, 0.3, 0.1)


def people(count: int, seed: int = 0) -> pd.DataFrame:
    """Cities by SHARES; age normal about 30, 50 and 70 in them; income age · 100 and noise, a tenth of it missing."""
    random = np.random.default_rng(seed)
    city = random.choice(3, count, p=SHARES)
    age = np.clip(np.rint(random.normal(30 + 20 * city, 5)), 0, 99).astype(np.int64)
    income = np.round(100 * age + random.normal(0, 50, count), 2)
    income[random.random(count) < 0.1] = np.nan
    return pd.DataFrame({"city": np.array(CITIES)[city], "age": age, "income": income, "planet": 1})


def train_on(frame: pd.DataFrame, folder: Path, recipe: str = "ctgan", **changes: Any) -> Run:
    """Train a tiny network on the rows of a table, which is written as a CSV file."""
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "people.csv", index=False)
    settings = {"training__batch": 20, "training__pack": 2, "generator__latent": 8, **changes}
    return quick(folder / "people.csv", folder, recipe=recipe, **settings)
