"""Options: their bounds and help, the sentences about faults, changes by dotted name, and YAML."""

import itertools

import pytest
import yaml

from ganatomy.config.options import Config
from ganatomy.config.recipes import RECIPES, recipe
from ganatomy.config.reference import describe, families, options
from ganatomy.config.schedules import Schedule
from ganatomy.config.settings import change, from_dict, over_budget, parse_settings, read, to_yaml
from ganatomy.errors import UserError
from ganatomy.networks.families import DCGANDiscriminatorOptions, DCGANOptions, MLPGeneratorOptions

RATE = "generator_optimiser.learning_rate"


def settings(*texts):
    """The configuration after `--set` with each of the texts."""
    return change(Config(), parse_settings(list(texts)))


def fault(*texts):
    """The sentence that `--set` with the texts ends in."""
    with pytest.raises(UserError) as error:
        settings(*texts)
    return str(error.value)


# Faults


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("training.batsh=3", "There is no option called 'training.batsh'; did you mean training.batch"),
        ("trainin.batch=3", "There is no option called 'trainin.batch'; did you mean training.batch"),
        ("batch=3", "There is no option called 'batch'; did you mean training.batch?"),
        ("discriminator.widht=3", "There is no option called 'discriminator.widht'; did you mean discriminator.width"),
        ("training.batch", "--set training.batch needs the form part.option=value"),
        ("training.batch=[1", "--set training.batch=[1: the value is not valid YAML"),
    ],
)
def test_an_unknown_option_or_form_is_answered_with_what_was_meant(text, sentence):
    assert sentence in fault(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{RATE}=-1", f"{RATE} = -1: must be greater than 0 and at most 10."),
        (f"{RATE}=-2e-4", f"{RATE} = -0.0002: must be greater than 0 and at most 10."),
        (f"{RATE}=0", f"{RATE} = 0: must be greater than 0"),
        (f"{RATE}=11", f"{RATE} = 11: must be greater than 0 and at most 10."),
        (f"{RATE}=.nan", f"{RATE} = nan: must be greater than 0"),
        (f"{RATE}=fast", f"{RATE} = 'fast': should be a valid number"),
        ("penalties.r1=-0.1", "penalties.r1 = -0.1: must be at least 0."),
        ("generator_optimiser.momentum=1", "generator_optimiser.momentum = 1: must be at least 0 and at most 0.9999."),
        ("training.batch=1", "training.batch = 1: should be greater than or equal to 2."),
        ("training.batch=2.5", "training.batch = 2.5: should be a valid integer"),
        ("training.minutes=0", "training.minutes = 0: should be greater than 0."),
        ("average.decay=1", "average.decay = 1: should be less than 1."),
        ("objective.label_smoothing=0.5", "objective.label_smoothing = 0.5: should be less than 0.5."),
        ("data.channels=2", "data.channels = 2: should be 1, 3 or 4."),
        ("data.size=big", "data.size = 'big': 'big' is not a size; write 64, or 48x64 for height x width."),
        ("data.size=1x2x3", "'1x2x3' is not a size; write 64, or 48x64"),
        ("data.size=64x", "'64x' is not a size; write 64, or 48x64"),
        ("data.size=8", "data.size = 8: must be 16 to 256 pixels a side."),
        ("data.size=64x257", "data.size = '64x257': must be 16 to 256 pixels a side."),
        ("runtime.device=gpu", "runtime.device = 'gpu'"),
        ("generator.family=vit", f"generator.family must be one of: {', '.join(families('generator'))}."),
        ("discriminator.family=unet", f"discriminator.family must be one of: {', '.join(families('discriminator'))}."),
    ],
)
def test_a_bad_value_is_named_with_its_option_and_bounds(text, sentence):
    assert sentence in fault(text)


def test_a_fault_in_a_file_names_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("training: {batch: 1}\n")
    with pytest.raises(UserError, match=r"mine\.yaml: training\.batch = 1: should be"):
        read(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("- 1\n", "should hold named parts such as `training:`"), ("a: [", "cannot be read as YAML"), (None, "no file")],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, content, sentence):
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=sentence):
        read(path)


def test_an_option_of_another_family_is_answered_with_that_family():
    assert "generator.family" in fault("generator.hidden=[10]")  # and not: did you mean generator.hidden?


# Schedules


def test_options_over_the_whole_budget_are_known():
    changes = {
        "penalties.r1": {"start": 1, "end": 0},
        "vae.beta": {"start": 0, "end": 1, "steps": 5},
        "generator_optimiser.learning_rate": {"kind": "exponential", "start": 1, "end": 0.1, "factor": 0.5},
        "discriminator_optimiser.momentum": {"kind": "cosine", "start": 0, "end": 0.5},
    }
    assert over_budget(change(Config(), changes)) == ["penalties.r1", "discriminator_optimiser.momentum"]


@pytest.mark.parametrize("ends", ["start: -1, end: 1", "start: 1, end: -1", "start: 1, end: 11"])
def test_both_ends_of_a_schedule_keep_to_the_bounds(ends):
    assert f"{RATE} = {{" in fault(f"{RATE}={{{ends}, steps: 5}}")
    assert "must be greater than 0 and at most 10." in fault(f"{RATE}={{{ends}, steps: 5}}")


@pytest.mark.parametrize("value", ["-2e-4", {"start": "-2e-4", "end": 1, "steps": 5}])
def test_numbers_that_yaml_takes_for_words_keep_to_the_bounds(value):
    """`learning_rate: -2e-4` in a YAML file is the word "-2e-4", which counts as a number all the same."""
    assert yaml.safe_load("-2e-4") == "-2e-4"
    with pytest.raises(UserError, match="must be greater than 0"):
        from_dict({"generator_optimiser": {"learning_rate": value}})


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("{start: 1, ende: 2, steps: 3}", f"{RATE}.end"),
        ("{start: 1, steps: 3}", f"{RATE}.end"),
        ("{kind: cosin, start: 1, end: 2, steps: 3}", f"{RATE}.kind"),
    ],
)
def test_a_fault_inside_a_schedule_is_told(value, sentence):
    assert sentence in fault(f"{RATE}={value}")


# Values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2e-4", 2e-4),
        ("-2E3", -2000.0),
        ("0.5", 0.5),
        ("32", 32),
        ("[1, 2]", [1, 2]),
        ("{start: 1, end: 2.5}", {"start": 1, "end": 2.5}),
        ("true", True),
        ("null", None),
        ("", None),
        ("48x64", "48x64"),
        ("a=b", "a=b"),
    ],
)
def test_settings_have_the_type_that_people_mean(text, value):
    parsed = parse_settings([f"a.b={text}"])
    assert parsed == {"a.b": value}
    assert type(parsed["a.b"]) is type(value)


@pytest.mark.parametrize("path", ["2024", "1e3", "nan", "on", "07"])
def test_a_folder_may_be_called_like_a_number(path):
    assert settings(f"data.path={path}").data.path == path


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("48x64", (48, 64)),
        ("48X64", (48, 64)),
        ("48×64", (48, 64)),
        ("64", (64, 64)),
        ("[64, 48]", (64, 48)),
        ("[32]", (32, 32)),
        ("null", None),
    ],
)
def test_sizes_are_height_by_width(text, size):
    assert settings(f"data.size={text}").data.size == size


def test_a_size_may_be_a_word_in_a_file():
    assert from_dict({"data": {"size": "64"}}).data.size == (64, 64)


# Changes


def test_a_change_leaves_everything_else_and_the_original():
    before = recipe("dcgan")
    after = change(before, {"training.batch": 32, RATE: 1e-3})
    assert (after.training.batch, after.generator_optimiser.learning_rate) == (32, 1e-3)
    assert change(after, {"training.batch": 64, RATE: 2e-4}) == before == recipe("dcgan")


def test_another_family_starts_from_its_own_defaults():
    assert settings("generator.width=8", "generator.family=mlp").generator == MLPGeneratorOptions()
    assert settings("generator.family=mlp", "generator.hidden=[7]").generator == MLPGeneratorOptions(hidden=[7])
    assert settings("generator.family=mlp").discriminator == DCGANDiscriminatorOptions()


def test_naming_the_same_family_again_resets_nothing():
    assert settings("generator.width=8", "generator.family=dcgan").generator == DCGANOptions(width=8)


def test_a_number_can_become_a_schedule_option_by_option():
    made = settings(f"{RATE}.kind=cosine", f"{RATE}.start=0.1", f"{RATE}.end=1e-3", f"{RATE}.steps=5")
    assert made.generator_optimiser.learning_rate == Schedule(kind="cosine", start=0.1, end=1e-3, steps=5)


def test_a_schedule_can_become_a_number_again():
    assert change(recipe("goodfellow2014"), {RATE: 0.1}).generator_optimiser.learning_rate == 0.1


def test_values_do_not_change_once_made():
    with pytest.raises(ValueError, match="frozen"):
        Config().training.batch = 3


# YAML and help


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_comes_back_equal_from_yaml(tmp_path, name):
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(recipe(name)), encoding="utf-8")
    assert read(path) == recipe(name)
    assert recipe(name).recipe == name


def test_yaml_writes_every_option_out_in_order():
    written = yaml.safe_load(to_yaml(Config()))
    assert list(written) == list(Config.model_fields)  # in the order of their declaration
    given = {f"{part}.{name}" for part, values in written.items() if isinstance(values, dict) for name in values}
    networks = ("generator.", "discriminator.")
    own = {f"{role}{name}" for role in networks for name in DCGANOptions.model_fields}
    declared = {name for name, _ in options()} - {"recipe", "method"}
    assert given == {name for name in declared if not name.startswith(networks)} | own


@pytest.mark.parametrize("name", sorted({name for name, _ in options()}))
def test_every_option_has_its_help(name):
    assert len(describe(name)) > 5


def test_the_options_of_both_families_are_listed():
    names = {name for name, _ in options()}
    assert {"generator.hidden", "generator.width", "discriminator.pieces", "training.batch", "recipe"} <= names


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in itertools.pairwise("abcdefgh")
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BOMB, r"cannot be read as YAML: aliases, \*a, are not read: write the value out"),
        ("training: {batch: &b 32, steps: *b}", r"aliases, \*b, are not read"),
        ("recipe: &r [*r]", "aliases"),
        ("recipe: " + "[" * 5000, "nested more than 20 levels deep"),
        ("recipe: " + "{a: " * 5000, "nested more than 20 levels deep"),
        ("recipe: x\n" * 100_000, "is too long for a configuration"),
        ("recipe: " + "9" * 5000, "cannot be read as YAML"),
        ("recipe: 2020-99-99", "cannot be read as YAML"),
        ("recipe: \xff", "cannot be read as YAML"),
        ("recipe: !!python/object/apply:os.system [ls]", "cannot be read as YAML"),
        ("training: {batch: [" + "1, " * 50_000 + "]}", r"training.batch = \[1, 1, .*…: should be"),
        ("y" * 1000 + ": 1", "no option called 'yyy.*…'"),
        ("training: {" + "y" * 1000 + ": 1}", "no option called 'training.yyy.*…'"),
    ],
)
def test_a_strangers_configuration_is_refused_in_a_short_sentence(tmp_path, text, sentence):
    path = tmp_path / "config.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=sentence) as refused:
        read(path)
    assert len(str(refused.value)) < 600


def test_changes_stay_as_they_were_given() -> None:
    falling = {"kind": "cosine", "start": 1e-3, "end": 2e-5}
    changes = {"generator_optimiser.learning_rate": falling, "generator_optimiser.learning_rate.start": 2e-3}
    assert change(recipe("dcgan"), changes).generator_optimiser.learning_rate == Schedule(**{**falling, "start": 2e-3})
    assert falling["start"] == 1e-3
