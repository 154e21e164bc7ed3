"""The claims as lessons: a question before the experiment, and what to make of its answer after. No torch.

Sentence, source, figures and verdict are the claim's own, in `evidence`.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """A claim, by name, as a question.

    answers   to choose from; right is the place of the one that the claim makes
    because   why it is so
    lab       where to play with it: the lab's address, after the question mark
    """

    claim: str
    title: str
    question: str
    answers: Sequence[str]
    right: int
    because: str
    lab: str = ""


LESSONS = [
    Lesson(
        "likelihood",
        "What likelihood minimises",
        "A model's mean slides past the data. Where is its likelihood greatest?",
        ["Where KL(data ‖ model) is least", "Where the model is narrowest", "Where the model's mode is a data point"],
        0,
        "The mean log-likelihood is −KL(p ‖ q) less the entropy of the data, which no model can change: the two curves "
        "are mirror images, and have their best place in common.",
    ),
    Lesson(
        "best-discriminator",
        "What a trained discriminator converges to",
        "The generator is held fixed, and the discriminator trained for long. What does it say of a point x?",
        ["1 for real points, 0 for generated ones", "p(x)/(p(x) + q(x))", "½ everywhere"],
        1,
        "At every x the discriminator maximises p·log D + q·log(1 − D), whose derivative is zero at p/(p + q). It can "
        "be certain only where one of the two never goes.",
        "target=two&objective=non_saturating&moves=r40",
    ),
    Lesson(
        "value",
        "What the game is worth",
        "Against the best discriminator, what does the value V(D*, G) measure?",
        ["How many points were drawn", "−log 4 + 2·JSD(p, q)", "The Wasserstein distance of p and q"],
        1,
        "Put D* = p/(p + q) into V: the two expectations are KL divergences from p and q to their average, each less "
        "log 2. Together they are twice the Jensen–Shannon divergence, less log 4.",
        "target=line&objective=minimax",
    ),
    Lesson(
        "minimum",
        "Where the game ends",
        "How low can a generator push the value of the game, against the best discriminator?",
        ["To −log 4, and only with q = p", "To −log 4, with many different q", "As low as it likes"],
        0,
        "JSD is never negative, and zero only where both distributions are the same: −log 4 is reached at q = p alone.",
        "target=line&objective=minimax",
    ),
    Lesson(
        "equilibrium",
        "What the discriminator says at the end",
        "The generator has learnt the data. What does the discriminator say of real points?",
        ["1: they are real", "½: it can only guess", "0: it has been fooled"],
        1,
        "With q = p, p/(p + q) is ½ everywhere. It has not failed: nothing is left to be told apart.",
        "target=line&objective=non_saturating&moves=r1500",
    ),
    Lesson(
        "saturation",
        "A gradient that vanishes",
        "The discriminator is sure that a point is generated: D(G(z)) is near 0. Which loss still moves the generator?",
        ["log(1 − D(G(z)))", "−log D(G(z))", "Both alike"],
        1,
        "In the score s, the first loss has slope −σ(s), which goes to 0 with D; the second −(1 − σ(s)), to −1.",
        "target=two&objective=minimax&other=non_saturating",
    ),
    Lesson(
        "early-training",
        "Two losses for one game",
        "Both games begin far from the data. Which generator has made more of its way after the same steps?",
        ["The minimax one", "The non-saturating one", "They are equal"],
        1,
        "At first the discriminator's task is easy, and D(G(z)) near 0: the minimax loss is flat there. The fixed "
        "point of both games is the same; only the way is not.",
        "target=ring&objective=minimax&other=non_saturating&k=3&lr_d=0.002",
    ),
    Lesson(
        "too-strong",
        "Too strong an opponent",
        "In the minimax game, the discriminator gets a high rate and twenty steps for each of the generator's. Then …",
        ["… the generator learns faster: it is taught better", "… nothing changes", "… the generator stalls"],
        2,
        "A discriminator that is nearly perfect is flat where the generated points are. With the saturating loss there "
        "is then no slope to follow.",
        "target=two&objective=minimax&k=20&lr_d=0.005",
    ),
    Lesson(
        "too-weak",
        "Too weak an opponent",
        "The discriminator never learns. What does the generator learn?",
        ["The data, only slower", "Nothing", "The data, faster"],
        1,
        "All that a generator knows of the data is the discriminator's slope; untaught, it slopes towards nothing.",
        "target=ring&lr_d=0.000001",
    ),
    Lesson(
        "dropped-modes",
        "Modes that are lost",
        "A plain GAN learns eight Gaussians on a ring. How many does it reach at any one time?",
        ["All eight, soon and for good", "Fewer, and not always the same ones", "Always one"],
        1,
        "The generator's loss asks only to please the discriminator now. Crowding where it errs pays, until the "
        "discriminator has learnt of it; then the crowd moves on.",
        "target=ring&lr_g=0.001&lr_d=0.0001",
    ),
    Lesson(
        "recovered-modes",
        "Modes that are won back",
        "What helps against lost modes: judging several points together, showing the discriminator their spread, or "
        "pairing real with generated under R1 and R2?",
        ["Only the first", "None", "Each of them"],
        2,
        "The first two let the discriminator see that the generated points are too alike. Pairing compares each with a "
        "real one, so a mode without generated points goes on pulling.",
        "target=grid&objective=relativistic_pairing&penalty=r1:0.1,r2:0.1&lr_g=0.001&lr_d=0.001",
    ),
    Lesson(
        "circling",
        "Around the equilibrium",
        "One number plays against one number. Simultaneous gradient steps from near the equilibrium lead …",
        ["… into it", "… around it, ever farther out", "… straight away from it"],
        1,
        "The field turns around the equilibrium: its eigenvalues are imaginary, and steps of finite length spiral out. "
        "R1 gives them a negative real part, and the spiral turns inwards.",
    ),
    Lesson(
        "disjoint-supports",
        "Nothing in common",
        "Two intervals lie apart, and one is moved still farther away. What notices?",
        ["The Jensen–Shannon divergence", "The Wasserstein distance", "Both"],
        1,
        "Without an overlap JSD is log 2 wherever they lie, and a constant has no slope. The Wasserstein distance is "
        "how far mass must be carried: it grows evenly.",
        "target=segments&objective=wasserstein&penalty=wgan_gp:1&k=5",
    ),
    Lesson(
        "clipping",
        "Clipping, or a penalty",
        "A deep critic is kept smooth by clipping its weights. What becomes of gradients on their way back?",
        ["They explode or vanish", "They keep their size", "They become exactly 1"],
        0,
        "Layer after layer multiplies by weights of a size that was dictated. The penalty asks for the size of the "
        "gradient itself, so it stays near 1.",
        "target=ring&objective=wasserstein&clip=0.01&k=5",
    ),
    Lesson(
        "spectral-normalisation",
        "A bound for each layer",
        "What does spectral normalisation hold at 1 or below?",
        ["Every weight", "Every layer's largest singular value", "The discriminator's loss"],
        1,
        "A layer stretches no vector by more than its largest singular value. Dividing by it bounds the whole network.",
    ),
    Lesson(
        "more-steps",
        "More steps for the discriminator",
        "k is raised: more discriminator steps for each of the generator's. The discriminator then stays …",
        ["… nearer to p/(p + q)", "… farther from it", "… as far as before"],
        0,
        "Its optimum moves with every step of the generator. More steps in between let it keep up.",
        "target=two&k=5",
    ),
    Lesson(
        "continuous-latent-space",
        "Between two images",
        "Halfway between two latent vectors a generator draws …",
        ["… the average of both images", "… a plausible image", "… noise"],
        1,
        "The generator is continuous, and was judged everywhere in latent space: what lies between two points of it is "
        "an image like others. Halfway in pixels are two faint images, one over the other.",
    ),
    Lesson(
        "discriminators-gradient-alone",
        "What a generator never sees",
        "For one step, the real points are exchanged for others; the discriminator stays. The generator's gradient …",
        ["… changes a little", "… changes a lot", "… does not change at all"],
        2,
        "Its loss holds D(G(z)) and nothing else. Cut the discriminator's slope, and nothing reaches it.",
    ),
    Lesson(
        "parzen-misleads",
        "A likelihood that misleads",
        "Whose Parzen window likelihood is higher: real images', or the centroids of k-means?",
        ["Real images'", "The centroids'", "They are equal"],
        1,
        "Centroids lie in the middle of many images, and so near to all of them. Near is what the window measures; a "
        "good image is something else.",
    ),
    Lesson(
        "frechet-notices",
        "Two scores, one blind",
        "Within every class the variety of images is lost. Which score notices?",
        ["The Inception-style score", "The Fréchet distance", "Both"],
        1,
        "The first knows only classes: one perfect image of each would satisfy it. The second compares the spread of "
        "features, and sees it shrink.",
    ),
    Lesson(
        "one-pass",
        "How long an image takes",
        "A GAN and a diffusion model of the same size each draw an image. The diffusion model takes …",
        ["… as long", "… twice as long", "… tens to a thousand times as long"],
        2,
        "A generator is one pass of its network; a diffusion model passes through its own for every step of denoising.",
    ),
    Lesson(
        "shared-statistics",
        "A leak in the batch",
        "Batch normalisation sees real and generated samples in one batch. What does the discriminator learn?",
        ["Nothing: normalisation is harmless", "To read the batch's statistics instead of the sample"],
        1,
        "In a mixed batch the statistics tell which half a sample lies in. Judged alone, as in the generator's step, "
        "the same sample passes: so real and generated go through separately.",
    ),
]
