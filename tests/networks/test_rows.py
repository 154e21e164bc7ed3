"""Networks for rows: blocks, choices whose probabilities are those of their logits, and conditions."""

import pytest
import torch
from torch.testing import assert_close

from ganatomy.networks.row_shape import ColumnBlock, RowShape
from ganatomy.networks.rows import Discriminator, Generator

BLOCKS = [(True, 2, False), (False, 3, True), (True, 1, False), (False, 2, True)]
SHAPE = RowShape(ColumnBlock(*each) for each in BLOCKS)


def test_a_shape_counts_its_features_choices_and_cells() -> None:
    assert SHAPE == (10,)
    assert SHAPE.choices == 8
    assert SHAPE.cells == [3, 4, 5, 8, 9]


def test_scalars_are_bounded_and_choices_add_up_to_one() -> None:
    torch.manual_seed(0)
    network = Generator(4 + 8, SHAPE, latent=4, hidden=[6], classes=5)
    rows = network(5 * torch.randn(20, 12), torch.eye(5)[torch.arange(20) % 5])
    assert rows.shape == (20, 10)
    assert (rows[:, [0, 6]].abs() < 1).all()
    for choice in (slice(1, 3), slice(3, 6), slice(7, 8), slice(8, 10)):
        assert_close(rows[:, choice].sum(1), torch.ones(20))
        assert (rows[:, choice] > 0).all()


def test_the_largest_choice_is_drawn_with_the_probability_of_its_logit() -> None:
    """The Gumbel-max trick: of a head without inputs the choices are distributed as softmax(bias)."""
    network = Generator(4 + 8, SHAPE, latent=4, hidden=[6]).eval()
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.zero_()
        network.head.bias[3:6] = torch.tensor([0.0, 1.0, 2.0])
        rows = network(torch.randn(200_000, 12, generator=torch.Generator().manual_seed(0)))
    shares = torch.bincount(rows[:, 3:6].argmax(1), minlength=3) / 200_000
    assert_close(shares, torch.tensor([0.0, 1.0, 2.0]).softmax(0), atol=0.004, rtol=0)


def test_noise_that_is_far_out_stays_finite() -> None:
    network = Generator(4 + 8, SHAPE, latent=4, hidden=[6]).eval()
    z = torch.cat([torch.zeros(2, 4), torch.tensor([[40.0], [-40.0]]).repeat(1, 8)], dim=1).requires_grad_(True)
    rows = network(z)
    rows.sum().backward()
    assert rows.isfinite().all()
    assert z.grad is not None
    assert z.grad.isfinite().all()


def test_another_shape_or_length_is_refused() -> None:
    with pytest.raises(ValueError, match="these are images"):
        Generator(12, (3, 16, 16), latent=4)
    with pytest.raises(ValueError, match="z has 11 numbers, and needs 4 and 8"):
        Generator(11, SHAPE, latent=4)


def test_the_discriminator_scores_packs_by_all_of_their_rows_and_conditions() -> None:
    torch.manual_seed(0)
    network = Discriminator((3 * 10,), hidden=[6, 6], classes=3 * 5).eval()
    rows, classes = torch.randn(4, 30, requires_grad=True), torch.randn(4, 15, requires_grad=True)
    scores = network(rows, classes)
    assert scores.shape == (4,)
    gradients = torch.autograd.grad(scores[0], [rows, classes])
    assert all((each[0] != 0).all() and (each[1:] == 0).all() for each in gradients)
