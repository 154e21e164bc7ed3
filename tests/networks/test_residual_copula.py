"""The generator that begins as a Gaussian copula."""

import pytest
import torch

from ganatomy.networks.residual_copula import Generator
from ganatomy.networks.row_shape import ColumnBlock, RowShape

SHAPE = RowShape([ColumnBlock(True, 0, False)] * 3)


CORRELATIONS = torch.tensor([[1.0, 0.8, -1.0], [0.8, 1.0, -0.8], [-1.0, -0.8, 1.0]])


def drawn(network: Generator, count: int = 50_000) -> torch.Tensor:
    return network(torch.randn(count, 7, generator=torch.Generator().manual_seed(1)))


def test_it_begins_as_a_copula() -> None:
    network = Generator(4 + 3, SHAPE, latent=4, hidden=[8])
    network.start_with(CORRELATIONS)
    rows = drawn(network)
    assert torch.allclose(torch.cov(rows.T), CORRELATIONS, atol=0.03)
    assert torch.allclose(rows[:, 0], -rows[:, 2], atol=1e-3)


def test_columns_stay_standard_normal_where_no_rows_have_such_correlations() -> None:
    """Each found in other rows, as missing cells make them: the smallest eigenvalue is −0.4."""
    network = Generator(4 + 3, SHAPE, latent=4, hidden=[8])
    network.start_with(torch.tensor([[1.0, 0.9, 0.9], [0.9, 1.0, 0.1], [0.9, 0.1, 1.0]]))
    assert torch.allclose(drawn(network).std(dim=0), torch.ones(3), atol=0.03)


def test_without_them_its_columns_are_independent() -> None:
    network = Generator(4 + 3, SHAPE, latent=4, hidden=[8])
    z = torch.randn(5, 7)
    assert torch.equal(network(z), z[:, -3:])


def test_training_changes_the_correction_alone() -> None:
    network = Generator(4 + 3, SHAPE, latent=4, hidden=[8], classes=2)
    network(torch.randn(5, 7), torch.eye(2)[[0, 1, 0, 1, 0]]).square().sum().backward()
    assert network.copula.weight.grad is None
    assert all(weight.grad is not None for weight in network.correction.parameters())


def test_one_column_is_its_own_copula() -> None:
    network = Generator(2 + 1, RowShape(SHAPE.blocks[:1]), latent=2, hidden=[8])
    network.start_with(torch.ones(1, 1))
    assert network.copula.weight.item() ** 2 == pytest.approx(1)


def test_other_shapes_and_latent_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="rows of tables"):
        Generator(64, (3, 8, 8))
    with pytest.raises(ValueError, match="needs 32 and 3"):
        Generator(64, SHAPE)
