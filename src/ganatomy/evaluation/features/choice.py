"""`auto`: the best extractor for given images that is at hand."""

from importlib.util import find_spec
from pathlib import Path

from ganatomy.data.store import Images
from ganatomy.evaluation.features.extractor import Extractor
from ganatomy.evaluation.features.registry import make
from ganatomy.system.files import cache_folder

AUTO = "auto"
DIGITS = [str(digit) for digit in range(10)]


def extractor_for(
    name: str, real: Images, device: str = "cpu", weights: Path | None = None, sha256: str | None = None
) -> Extractor:
    """The extractor `name` for these real images, or for "auto" the best one that is at hand.

    "auto" takes lenet for digits, else inception if its weights are in the cache, else classifier for labelled
    images if there are enough, else mobilenetv2 for colour images if its weights are in the cache, else random. It
    sees transparent images on white. Raises UserError as `features.make` does.
    """
    real = real.on_white()
    channels = real.pixels.shape[3]
    if name == AUTO:
        name = _best(real)
    labelled = real if real.labels is not None else None
    return make(name, channels=channels, weights=weights, sha256=sha256, device=device, labelled=labelled)


def _best(real: Images) -> str:
    if real.classes == DIGITS and real.pixels.shape[1:] in ((28, 28, 1), (32, 32, 1)):
        return "lenet"
    if _inception_is_there():
        return "inception"
    from ganatomy.evaluation.features import classifier, mobilenetv2

    if classifier.can_learn(real):
        return "classifier"
    return "mobilenetv2" if real.pixels.shape[3] == 3 and mobilenetv2.at_hand() else "random"


def _inception_is_there() -> bool:
    from ganatomy.evaluation.features import inception

    return (cache_folder() / "weights" / inception.FILE).is_file() and find_spec("torch_fidelity") is not None
