"""What networks see of a table: scalars in [−1, 1] and one-hot choices, from which the numbers come back."""

import numpy as np
import pandas as pd
import pytest

from ganatomy.errors import UserError
from ganatomy.modalities.tables.normalisation import Normalisation
from ganatomy.modalities.tables.schema import Schema

CHANCE = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "amount": CHANCE.normal(50, 10, 400).round(1),
        "colour": CHANCE.choice(["red", "green", "blue"], 400),
        "always": 1,
        "age": pd.Series(CHANCE.integers(0, 90, 400)).astype("Int64").mask(CHANCE.random(400) < 0.3),
        "pet": pd.Series(CHANCE.choice(["cat", "dog"], 400)).mask(CHANCE.random(400) < 0.3),
    }
)
SCHEMA = Schema.of(FRAME)
NUMBERS = SCHEMA.numbers(FRAME)
NORMALISATION = Normalisation.of(SCHEMA, NUMBERS)
FEATURES = NORMALISATION.features(NUMBERS, np.random.default_rng(0))


def test_each_column_has_its_features() -> None:
    amount, colour, always, age, pet = NORMALISATION.parts
    assert (amount.scalars, amount.width) == (1, 1 + len(amount.modes))
    assert (colour.scalars, colour.width) == (0, 3)
    assert always.width == 0
    assert (age.scalars, age.width) == (1, 1 + len(age.modes) + 1)
    assert (pet.scalars, pet.width) == (0, 3)
    assert FEATURES.shape[1] == NORMALISATION.width == sum(part.width for part in NORMALISATION.parts)


def test_choices_are_one_hot_and_scalars_within_one() -> None:
    for (scalar, choice), part in zip(NORMALISATION.spans, NORMALISATION.parts, strict=True):
        assert np.abs(FEATURES[:, scalar]).max(initial=0) <= 1
        if part.width:
            assert set(np.unique(FEATURES[:, choice])) == {0, 1}
            assert (FEATURES[:, choice].sum(axis=1) == 1).all()


def test_a_missing_cell_is_the_last_choice_with_the_scalar_zero() -> None:
    scalar, choice = NORMALISATION.spans[3]
    missing = FRAME["age"].isna().to_numpy()
    assert (FEATURES[missing, choice.stop - 1] == 1).all()
    assert (FEATURES[~missing, choice.stop - 1] == 0).all()
    assert (FEATURES[missing, scalar] == 0).all()


def test_soft_choices_count_for_the_largest_one() -> None:
    """As a generator gives them."""
    soft = FEATURES.copy()
    for _, choice in NORMALISATION.spans:
        soft[:, choice] = 0.6 * soft[:, choice] + 0.4 * CHANCE.random(soft[:, choice].shape)
    np.testing.assert_array_equal(NORMALISATION.numbers(soft), NORMALISATION.numbers(FEATURES))


def test_float32_keeps_what_is_rounded() -> None:
    made = SCHEMA.frame(NORMALISATION.numbers(FEATURES.astype(np.float32)))
    pd.testing.assert_frame_equal(made, FRAME, check_exact=True)


def test_other_rows_of_the_same_columns_survive_too() -> None:
    """Beyond the range of the table, with scalars beyond 1."""
    other = pd.DataFrame({"amount": [500.0], "colour": ["red"], "always": [1], "age": [None], "pet": ["dog"]})
    numbers = SCHEMA.numbers(other.astype({"age": "Int64"}))
    features = NORMALISATION.features(numbers, np.random.default_rng(0))
    assert abs(features[0, 0]) > 1
    np.testing.assert_allclose(NORMALISATION.numbers(features), numbers, rtol=1e-12)


def test_a_missing_cell_where_none_was_is_refused() -> None:
    numbers = NUMBERS.copy()
    numbers[3, 0] = np.nan
    with pytest.raises(UserError, match="Column 0 of the numbers has missing cells"):
        NORMALISATION.features(numbers, np.random.default_rng(0))


def test_the_same_seed_gives_the_same_features() -> None:
    again = Normalisation.of(SCHEMA, NUMBERS)
    assert again == NORMALISATION
    np.testing.assert_array_equal(again.features(NUMBERS, np.random.default_rng(0)), FEATURES)
