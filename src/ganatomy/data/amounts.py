"""How many images there should be, and how large they are trained: what inspect, train and auto say alike. No torch."""

LEAST = 15  # images: fewer are refused unless a person insists
COPIED = 200  # images, up to which a generator is likely to copy them
ENOUGH = 5000  # images, from which on `auto` does not augment
SIZES = (32, 64, 128, 256)
LARGEST_ON_CPU = 64  # pixels a side, that `auto` takes without a GPU


def augmentation(channels: int) -> list[str]:
    """The names of the augmentations for few images: of grey ones without colours."""
    return ["translation", "cutout"] if channels == 1 else ["colour", "translation", "cutout"]


def too_few(count: int) -> str:
    """Why so few images are refused."""
    these = "1 image is" if count == 1 else f"{count} images are"
    return (
        f"{these} too few to learn from: a generator could only copy. Collect {LEAST} at least, better thousands, or "
        "start from a generator of similar images (--init RUN); `ganatomy train` takes fewer only with --anyway."
    )


def advice(count: int, channels: int, started: bool = False) -> str | None:
    """What to expect of so many images, and which options help; None where there are enough.

    started: whether the training starts from another generator already.
    """
    helps = f"--set 'augmentation.policies=[{', '.join(augmentation(channels))}]' (--recipe auto sets it)"
    if count < LEAST:
        return too_few(count)
    if count <= COPIED:
        start = "" if started else "a generator of similar images to start from, --init RUN; "
        return (
            f"Only {count} images: copies of them are the likely result. More images help most; then {start}"
            f"augmentation, {helps}; and --flip if mirrored images are right."
        )
    if count < ENOUGH:
        return (
            f"Only {count:,} images: the discriminator may memorise them. Augmentation helps, {helps}, and --flip if "
            "mirrored images are right."
        )
    return None
