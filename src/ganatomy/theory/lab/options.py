"""The options of a game of the lab. No torch."""

from pydantic import Field

from ganatomy.system.options import Options


class LabOptions(Options):
    """One game on points; a lab run's config.yaml."""

    lab: str = Field("ring", description="The distribution to learn, by name.")
    objective: str = Field("non_saturating", description="What each player minimises, by name.")
    penalties: dict[str, float] = Field({}, description="Weights of the discriminator's penalties, by name.")
    clip: float = Field(0.0, ge=0, description="Discriminator weights are clipped to ±this after its step.")
    k: int = Field(2, ge=1, le=100, description="Discriminator steps for each of the generator's.")
    learning_rate_generator: float = Field(1e-4, gt=0, le=1, description="The generator's learning rate.")
    learning_rate_discriminator: float = Field(2e-3, gt=0, le=1, description="The discriminator's learning rate.")
    width: int = Field(64, ge=2, le=1024, description="Units of each hidden layer.")
    batch: int = Field(256, ge=2, le=65536, description="Points of a batch.")
    steps: int = Field(2000, ge=1, le=10_000_000, description="Rounds of the game.")
    pictures: int = Field(30, ge=2, le=1000, description="Pictures of the animation, evenly spaced in steps.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of all random numbers.")
