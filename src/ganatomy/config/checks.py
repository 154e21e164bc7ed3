"""Which options go together."""

from ganatomy.config import options
from ganatomy.errors import UserError
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import DISTANCES
from ganatomy.networks.families import FAMILIES, StyleGAN2DiscriminatorOptions

SMALLEST_PRIVATE_BATCH = 16  # on average: an empty one then comes once in nine million


def check_together(config: options.Config, processes: int = 1) -> None:
    """Raises UserError where the parts do not fit each other, or so many processes."""
    _check_processes(config, processes)
    _check_families(config)
    if config.method == "adversarial":
        _check_game(config)
        _check_pack(config, processes)
        _check_privacy(config, processes)
    else:
        _check_baseline(config)


def _check_processes(config: options.Config, processes: int) -> None:
    if config.diagnosis.remedies and processes > 1:
        raise UserError("diagnosis.remedies works in one process only: train without, or without torchrun.")
    if config.training.batch % processes:
        raise UserError(f"training.batch = {config.training.batch} cannot be shared by {processes} processes.")
    if config.method == "adversarial" and isinstance(config.discriminator, StyleGAN2DiscriminatorOptions):
        _check_groups(config.training.batch, config.discriminator.group, processes)


def _check_pack(config: options.Config, processes: int) -> None:
    pack, batch = config.training.pack, config.training.batch
    if pack == 1:
        return
    if processes > 1:
        raise UserError("training.pack works in one process only: train without, or without torchrun.")
    if batch % pack:
        raise UserError(f"training.batch={batch} is no multiple of training.pack={pack}.")
    if getattr(config.discriminator, "group", 1) > 1:
        raise UserError("training.pack compares samples already: leave groups out, by discriminator.group=1.")


def _check_groups(batch: int, group: int, processes: int) -> None:
    """A batch divides into groups for the minibatch standard deviation, and no group over several processes."""
    size, rows = min(batch, group), batch // processes
    if rows % size == 0:
        return
    whose = f"each of {processes} processes has {rows} images of training.batch={batch}, which"
    largest = max(n for n in range(1, size + 1) if rows % n == 0)
    cure = f"discriminator.group={largest}" + ("" if largest > 1 else ", which leaves it out")
    raise UserError(
        f"{f'training.batch={batch}' if processes == 1 else whose} cannot be put into groups of {size} "
        f"(discriminator.group) for the minibatch standard deviation: give a training.batch that is a multiple of "
        f"{group * processes}, or {cure}."
    )


def _check_families(config: options.Config) -> None:
    """The generator, and the encoder of a VAE, are of families that the method can train."""
    _check_role(config.generator.family, "generator")
    if config.data.form == "spectrogram" and FAMILIES.find(config.generator.family).modality == "sounds":
        raise UserError(
            f"generator.family={config.generator.family} draws waveforms: data.form=waveform, or a family for images."
        )
    if config.method == "adversarial":
        _check_modality(config)
    if config.modality == "pairs" and config.evaluation.every:
        raise UserError("evaluation.every is not for pairs: `ganatomy evaluate RUN` measures a run.")
    if config.modality == "pairs" and config.method == "regression" and not config.data.paired:
        raise UserError("method=regression learns from targets, and data.paired=false has none.")
    if config.method == "regression" and not any(getattr(config.penalties, name) for name in DISTANCES):
        raise UserError("method=regression descends a distance from the targets: penalties.l1=1 or penalties.l2=1.")
    if config.modality == "pairs" and config.prior.conditional:
        raise UserError("prior.conditional: a generator that is given an image draws by no class.")
    for role in ("generator", "discriminator") if config.method == "vae" else ("generator",):
        family = getattr(config, role).family
        if config.method not in FAMILIES.find(family).methods:
            able = " or ".join(name for name, each in FAMILIES.items() if config.method in each.methods)
            raise UserError(f"method={config.method} needs {role}.family={able}, not {family}.")


def _check_modality(config: options.Config) -> None:
    """Both players are of samples of one kind, and what is given fits them."""
    ours, theirs = (FAMILIES.find(each.family).modality for each in (config.generator, config.discriminator))
    if ours != theirs:
        raise UserError(
            f"generator.family={config.generator.family} is for {ours}, and discriminator.family="
            f"{config.discriminator.family} for {theirs}: choose families of one kind."
        )
    if config.modality == "tables" and config.prior.name != "normal":
        raise UserError("A table's generator makes the noise of its choices from normal numbers: prior.name=normal.")
    if config.modality == "pairs" and config.training.pack > 1:
        raise UserError("training.pack compares samples, and of each pair there is one: training.pack=1.")
    if config.modality == "pairs" and config.augmentation.policies:
        raise UserError("augmentation.policies would move a pair's images apart: augmentation.policies=[].")
    for name in DISTANCES:
        if config.modality == "pairs" and not config.data.paired and getattr(config.penalties, name):
            raise UserError(
                f"penalties.{name} compares with a target, and data.paired=false has none: penalties.{name}=0."
            )
    for name in ("condition", *DISTANCES, "nce"):
        if getattr(config.penalties, name) and config.training.simultaneous:
            raise UserError(f"penalties.{name} needs training.simultaneous=false.")


def _check_role(family: str, role: str) -> None:
    if not FAMILIES.find(family).has(role):
        raise UserError(f"{role}.family={family}: that family has no {role}.")


def _check_baseline(config: options.Config) -> None:
    if config.prior.name != "normal":
        raise UserError(f"method={config.method} starts from normal noise: prior.name=normal.")
    if config.method == "diffusion" and config.diffusion.sampling_steps > config.diffusion.steps:
        raise UserError("diffusion.sampling_steps cannot be more than diffusion.steps, the noise levels there are.")
    if config.method == "gsn" and config.prior.conditional:
        raise UserError("A generative stochastic network (method=gsn) does not generate by class.")


def _check_game(config: options.Config) -> None:
    training, penalties, penalised = config.training, config.penalties, list(config.penalties.weights())
    if training.simultaneous and training.discriminator_steps > 1:
        raise UserError("training.simultaneous needs training.discriminator_steps=1: both players update at once.")
    _check_role(config.discriminator.family, "discriminator")
    if penalties.path_length and (training.simultaneous or not _has_path_length(config.generator.family)):
        raise UserError(
            "penalties.path_length needs a generator with styles, updated after the discriminator: "
            "generator.family=stylegan2 and training.simultaneous=false."
        )
    if penalised and getattr(config.discriminator, "norm", "none") == "batch":
        # ∇ₓD of one image would depend on the whole batch: Gulrajani et al. 2017, section 4.
        raise UserError(
            f"penalties.{penalised[0]} needs a discriminator without batch normalisation: discriminator.norm=none."
        )


def _check_privacy(config: options.Config, processes: int) -> None:
    """Nothing but the discriminator's gradients may depend on the training images, and each on one of them."""
    if not config.private:
        return
    training, chosen = config.training, OBJECTIVES.find(config.objective.name)
    compared = getattr(config.discriminator, "norm", "none") == "batch" or getattr(config.discriminator, "group", 1) > 1
    needs = {
        "one process": processes == 1,
        "images: the columns of a table are described from its rows": config.modality != "tables",
        "images that are drawn of no other image": config.modality != "pairs",
        "images, and these are sounds": config.modality != "sounds",
        "training.batch of at least 16": training.batch >= SMALLEST_PRIVATE_BATCH,
        "no penalty, which reads real images": not config.penalties.weights(),
        "augmentation.policies=[]": not config.augmentation.policies,
        "prior.conditional=false, since classes are not private": not config.prior.conditional,
        "training.simultaneous=false": not training.simultaneous,
        "training.pack=1": training.pack == 1,
        "an objective that does not compare real scores with generated ones": not chosen.paired,
        "a discriminator that scores each image by itself: no batch normalisation, discriminator.group=1": not compared,
        "diagnosis.remedies=0": not config.diagnosis.remedies,
        "runtime.precision=float32": config.runtime.precision != "bfloat16",
        "runtime.convolution=native": config.runtime.convolution != "patches",
    }
    if missing := [what for what, there in needs.items() if not there]:
        raise UserError(f"privacy.noise needs {missing[0]}.")


def _has_path_length(family: str) -> bool:
    return hasattr(FAMILIES.find(family).make("generator"), "path_length_regularisation")
