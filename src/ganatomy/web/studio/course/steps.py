"""The course of the first hour: its steps, declared once for the studio's pages and for docs/LEARN.md. No torch."""

from math import log

from ganatomy.web.studio.course.step import Step
from ganatomy.web.studio.course.trainings import DIFFUSION, FIRST, STRONG, VAE

STEPS = (
    Step(
        name="forger",
        title="What does the forger learn from?",
        read=(
            "A generative adversarial network is a game of two networks: the generator G, a forger, turns random "
            "numbers z into samples G(z), and the discriminator D, a detective, says how probably a sample is real.",
            "D is shown real samples x and forged ones, and learns to say 1 of the first and 0 of the second.",
            "G learns to make D say 1 of its forgeries; when it succeeds, its samples are distributed like the real "
            "ones.",
        ),
        question="Real samples go to D. What does G learn from?",
        answers=(
            "It copies the real samples, which D passes on",
            "Only from the slope of D at its own samples",
            "From the number of forgeries that were caught",
        ),
        decide=lambda f: 1 if f["change"] == 0 and f["moved"] > 0 else 0,
        expected=1,
        figures={
            "jsd_first": "distance of G(z) from x before the game (JSD, nats; 0 is equal, 0.693 is no overlap)",
            "jsd_last": "the same after 300 rounds",
            "moved": "largest move of G's weights in one more step",
            "change": "how much that step changes if the real samples are replaced by others",
        },
        seen="The forgeries came to the real samples: their distance fell from {jsd_first} to {jsd_last}. Yet one more "
        "step of G moves its weights by up to {moved}, and other real samples change that by {change}: G never sees "
        "one. All that it is told is in which direction D's output rises at its own samples.",
        commands=("ganatomy lab line --steps 300", "ganatomy claims --run discriminators-gradient-alone"),
        lab="target=line&moves=r300",
    ),
    Step(
        name="optimum",
        title="How good can the detective become?",
        read=(
            "The players fight over one number, V(D, G) = E[log D(x)] + E[log(1 − D(G(z)))], which D raises and G "
            "lowers (Goodfellow et al. 2014, equation 1).",
            "For a fixed G, the best D says p/(p + q) at each point, where p is the density of real samples and q that "
            "of forged ones; it is called D*.",
            "In the lab p and q are known, so D* can be drawn beside D.",
        ),
        question="G is held fixed halfway, and D learns until V no longer rises. Where does V end?",
        answers=(
            "At 0: D makes no mistakes any more",
            "At −log 4 + 2·JSD(p, q): it depends on how far apart p and q still are",
            "At −log 4, wherever G stands",
        ),
        decide=lambda f: 0 if abs(f["held"]) < 0.05 else 1 if abs(f["held"] - f["best"]) < 0.05 else 2,
        expected=1,
        figures={
            "held": "V with G held fixed, after 200 steps of D (nats)",
            "jsd": "JSD at that time",
            "best": "−log 4 + 2·JSD at that time",
            "last": "V after both have played on",
            "jsd_last": "JSD after both have played on",
        },
        seen=f"With G held fixed, V stopped at {{held}}; −log 4 + 2·JSD was {{best}}. Then G learnt on, p and q came "
        f"together (JSD {{jsd_last}}), and V sank to {{last}}: its least value is −log 4 = −{log(4):.3f}, where q = p "
        "and D can only say ½.",
        commands=("ganatomy lab line --steps 600", "ganatomy claims --run value", "ganatomy claims --run minimum"),
        lab="target=line&moves=r80.d200",
    ),
    Step(
        name="saturation",
        title="Why do two losses with one aim differ?",
        read=(
            "Minimax: G descends log(1 − D(G(z))). Non-saturating: G descends −log D(G(z)).",
            "Both are least where D takes forgeries for real, and both have the same D.",
            "At first D sees through every forgery, so D(G(z)) is near 0.",
        ),
        question="D recognises every forgery. How do the gradients that the two losses give to G's samples compare?",
        answers=(
            "They are about equal",
            "The minimax gradient is larger",
            "The non-saturating gradient is a hundred times larger, or more",
        ),
        decide=lambda f: (
            2 if f["non_saturating"] > 100 * f["minimax"] else 1 if f["minimax"] > 2 * f["non_saturating"] else 0
        ),
        expected=2,
        figures={
            "minimax": "median gradient at forged points, minimax",
            "non_saturating": "the same, non-saturating",
            "moved_minimax": "how far the points move in 200 rounds of the game, minimax (of the picture's width)",
            "moved_non_saturating": "the same, non-saturating",
        },
        seen="With the same D on the same points, the minimax gradient was {minimax} and the non-saturating one "
        "{non_saturating}. In a game of 200 rounds the points moved by {moved_minimax} and {moved_non_saturating} of "
        "the picture's width. The first loss is flat where G is bad; this is called saturation.",
        commands=(
            "ganatomy lab far --objective minimax --steps 200",
            "ganatomy lab far --steps 200",
            "ganatomy claims --run same-discriminator",
        ),
        lab="target=far&objective=minimax&other=non_saturating&moves=d150",
    ),
    Step(
        name="digits",
        title="Does the game work with images?",
        read=(
            "An image of 28 × 28 pixels is a point in 784 dimensions; now G and D are small convolutional networks, "
            "and x is one of 5,000 handwritten digits.",
            "No density is known here, so nobody can compute D* or the JSD any more.",
            "What can be followed are the images, and what D says of real and of generated ones.",
        ),
        question="G and D play 500 rounds on digits. What does D say in the end of real and of generated digits?",
        answers=(
            "Nearly 1 and nearly 0: D has won",
            "½ of both: equilibrium",
            "More of real digits than of generated ones, sure of neither: the game goes on",
        ),
        decide=lambda f: 0 if f["real"] > 0.95 and f["fake"] < 0.05 else 1 if abs(f["real"] - f["fake"]) < 0.05 else 2,
        expected=2,
        figures={"real": "D(x), mean of real digits", "fake": "D(G(z)), mean of generated digits"},
        seen="From grey noise to strokes to digits. In the end D said {real} of real digits and {fake} of generated "
        "ones: still better than guessing, so there is still something to learn from it.",
        commands=(FIRST.command, "ganatomy diagnose first"),
    ),
    Step(
        name="strong",
        title="Does a better teacher teach better?",
        read=(
            "D is G's only teacher, so one could wish for the strongest D.",
            "Here D takes three steps for each of G's, with a rate twenty times as high, and G descends the minimax "
            "loss.",
            "While it trains, Ganatomy measures more than the losses, and says what is wrong.",
        ),
        question="What becomes of G?",
        answers=(
            "It learns faster: it is taught better",
            "It learns as before",
            "It stalls: D recognises everything, and hardly any gradient is left",
        ),
        decide=lambda f: 2 if f["ill"] and f["fake"] < 0.05 else 0 if f["fake"] > 0.4 else 1,
        expected=2,
        figures={
            "fake": "D(G(z)) in the end",
            "gradient": "gradient at generated images, as a share of what −log D would give",
            "ill": "whether the diagnosis finds something (1) or not (0)",
        },
        seen="D said {fake} of generated digits, and the gradient at them was {gradient} of what −log D would have "
        "given. The losses alone do not show it; the diagnosis says it in words.",
        commands=(STRONG.command, "ganatomy diagnose strong"),
        lab="target=far&objective=minimax&k=20&lr_d=0.005&lr_g=0.0005&moves=r60",
    ),
    Step(
        name="collapse",
        title="Does the forger learn to forge everything?",
        read=(
            "G is asked to make samples that look real, and nobody asks it for variety.",
            "A generator that makes a few kinds of samples only, and forgets the others, has dropped modes; if hardly "
            "any is left, it has collapsed.",
            "Beside the plain GAN plays one whose D compares pairs of a real and a forged point, and is kept smooth "
            "by R1 and R2 penalties.",
        ),
        question="The data are eight small clouds on a ring. How many does the plain GAN hold after 300 rounds?",
        answers=("All eight", "Some, and not all", "One"),
        decide=lambda f: 0 if f["plain"] >= 8 else 1 if f["plain"] > 1 else 2,
        expected=1,
        figures={
            "plain": "modes of 8 that the plain GAN reaches",
            "cured": "modes of 8 with relativistic pairing, R1 and R2",
        },
        seen="The plain GAN held {plain} of 8 modes; the one with paired scores and penalties held {cured}.",
        commands=(
            "ganatomy lab ring --steps 300",
            "ganatomy lab ring --objective relativistic_pairing --penalty r1=0.1 --penalty r2=0.1 --steps 300",
        ),
        lab="target=ring&objective=relativistic_pairing&penalty=r1:0.1,r2:0.1&moves=r300",
    ),
    Step(
        name="walk",
        title="What lies between two images?",
        read=(
            "G is a continuous function of z: a small step in z is a small step of the image.",
            "So one can walk from one z to another and look at the images on the way.",
            "You will see such a walk, and beside it one image that fades into the other pixel by pixel.",
        ),
        question="Halfway between two latent vectors, G draws …",
        answers=("… both images, one faintly over the other", "… one image, as clear as any other", "… noise"),
        decide=lambda f: (
            1 if f["latent"] < (f["samples"] + f["pixels"]) / 2 else 0 if f["latent"] < 1.2 * f["pixels"] else 2
        ),
        expected=1,
        figures={
            "samples": "share of the ink that is grey, neither black nor white: of samples",
            "latent": "the same of 200 images halfway in latent space",
            "pixels": "the same of 200 images halfway in pixels",
        },
        seen="Of the ink of samples a share of {samples} is grey; of images halfway in latent space, {latent}; halfway "
        "in pixels, {pixels}, because there two faint images lie one over the other. The way through latent space "
        "passes through images like any other.",
        commands=(FIRST.command, "ganatomy walk first --seeds 3,9"),
    ),
    Step(
        name="measure",
        title="How good are the images?",
        read=(
            "Losses do not tell: each player's loss depends on how good the other one is.",
            "The Fréchet distance compares thousands of generated images with thousands of real ones, in what a digit "
            "network sees in them: a lower distance is better.",
            "It is computed from samples, and another sample gives another number; hence the interval.",
        ),
        question="One half of the real digits is scored against the other half. Their distance is …",
        answers=(
            "… 0: both are real",
            "… above 0, and below that of the generator",
            "… as large as that of the generator",
        ),
        decide=lambda f: 0 if f["floor"] < 1e-3 else 1 if f["floor"] < f["low"] else 2,
        expected=1,
        figures={
            "value": "Fréchet distance of generated digits from real ones",
            "low": "lower end of its 95% interval",
            "high": "upper end",
            "floor": "the same distance of real digits from real digits: the floor",
        },
        seen="Real against real scored {floor}, generated against real {value} [{low}, {high}]. Nobody scores 0 with "
        "finitely many images; a score says something only beside its floor, and scores of different protocols do "
        "not compare.",
        commands=(FIRST.command, "ganatomy evaluate first --metrics fd --n 2000"),
    ),
    Step(
        name="others",
        title="What else draws images?",
        read=(
            "Explicit models have a density: a variational autoencoder (VAE) maximises a lower bound of log p(x), and "
            "so does a diffusion model, which learns to remove noise.",
            "A GAN is implicit: it draws samples of q, and cannot say how probable an image is.",
            "In exchange, its loss is no average over pixels, which would blur, and it draws an image at once.",
        ),
        question="How many passes of its network does each need for one image?",
        answers=(
            "One each",
            "The GAN and the VAE one, the diffusion model tens",
            "The GAN one, the VAE and the diffusion model tens",
        ),
        decide=lambda f: 0 if f["diffusion"] == 1 else 1 if f["vae"] == 1 else 2,
        expected=1,
        figures={
            "gan": "passes of the GAN's generator",
            "vae": "passes of the VAE's decoder",
            "diffusion": "passes of the diffusion model's network",
        },
        seen="Counted: {gan}, {vae} and {diffusion}. After trainings this short the VAE's images are soft, and the "
        "diffusion model has hardly begun.",
        table=(  # Goodfellow 2016 (arXiv:1701.00160), figure 9; diffusion models came later
            ("kind of model", "density", "learns by", "draws an image in", "here"),
            ("explicit, exact: flows, autoregressive", "p(x)", "likelihood", "one pass; or one a pixel", "–"),
            ("explicit, a bound: VAE", "≤ log p(x)", "a bound of the likelihood", "one pass", "--recipe vae"),
            ("explicit, a bound: diffusion", "≤ log p(x)", "removing noise", "tens of passes", "--recipe diffusion"),
            ("implicit, in a chain: GSN", "none", "undoing corruption", "a chain of passes", "--recipe gsn"),
            ("implicit, directly: GAN", "none", "a game against D", "one pass", "the other recipes"),
        ),
        commands=(VAE.command, DIFFUSION.command, "ganatomy sample vae", "ganatomy sample diffusion"),
    ),
    Step(
        name="ship",
        title="How does it leave this machine?",
        read=(
            "Of the game, only the generator is needed to draw; D has done its work.",
            "An export writes it into a file that other programs can read, such as ONNX, which browsers and phones "
            "run.",
            "Before the file is written, it draws the same seeds as the generator, and the images are compared.",
        ),
        question="The file draws 16 seeds without the code that trained it. How far are its pixels from the "
        "generator's, of 255 grey levels?",
        answers=("One level or none", "A few levels", "They are other images"),
        decide=lambda f: 0 if f["difference"] <= 1 else 1 if f["difference"] <= 16 else 2,
        expected=0,
        figures={"difference": "largest difference of a pixel, in grey levels", "kibibytes": "size of the file, KiB"},
        seen="The largest difference was {difference} of 255 grey levels, from a file of {kibibytes} KiB. A page that "
        "draws images in any browser, without a server, is one command: --to web.",
        commands=(FIRST.command, "ganatomy export first", "ganatomy export first --to web"),
    ),
)


def step_named(name: str) -> Step | None:
    """The step of this name, if there is one."""
    return next((step for step in STEPS if step.name == name), None)
