"""Where the choice by itself begins."""

from ganatomy.config import Config, Log
from ganatomy.recipes.digits import digits


def auto() -> Config:
    """Chooses networks, size, width, augmentation and budget from your images and a few measured steps; says why.

    What you give (--size, --minutes, --set …) stays as you gave it. `ganatomy.automatic` has the rules.

        ganatomy train FOLDER --recipe auto
    """
    small = digits()
    return small.model_copy(
        update={
            "recipe": "auto",
            "data": Config().data,
            "training": small.training.model_copy(update={"minutes": None, "images": 1}),
            "log": Log(snapshot=250, checkpoint=1000),
        }
    )
