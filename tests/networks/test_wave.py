"""WaveGAN's networks: shapes, the paper's sizes, phase shuffle."""

import pytest
import torch
from numpy.testing import assert_array_equal
from torch.nn.functional import one_hot

from ganatomy.networks.wave import Discriminator, Generator, phase_shuffle, plan


@pytest.mark.parametrize("samples", [32, 800, 4000, 4096, 5001])
def test_sounds_of_any_length_are_drawn_and_scored(samples: int) -> None:
    generator, discriminator = Generator(8, (1, samples), 2), Discriminator((1, samples), 2)
    sounds = generator(torch.randn(3, 8))
    assert sounds.shape == (3, 1, samples)
    assert sounds.abs().max() < 1
    assert discriminator(sounds).shape == (3,)
    last = torch.zeros(1, 1, samples)
    last[..., -1] = 1  # nothing at the end is overlooked
    discriminator.eval()
    assert discriminator(last) != discriminator(torch.zeros(1, 1, samples))


def test_at_16384_samples_it_has_the_papers_sizes() -> None:
    assert plan(16384, 64) == (16, [1, 64, 128, 256, 512, 1024])
    generator, discriminator = Generator(100, (1, 16384), 64), Discriminator((1, 16384), 64)
    convolution = 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64)
    count = {network: sum(weight.numel() for weight in network.parameters()) for network in (generator, discriminator)}
    assert count[generator] == 100 * 16384 + 16384 + convolution + 512 + 256 + 128 + 64 + 1
    assert count[discriminator] == convolution + 64 + 128 + 256 + 512 + 1024 + 16384 + 1


def test_what_is_no_sound_or_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="31 samples are too short: 32 are needed"):
        Generator(8, (1, 31), 2)
    with pytest.raises(ValueError, match="this family draws sounds"):
        Discriminator((1, 16, 16), 2)


def test_classes_change_what_is_drawn_and_how_it_is_scored() -> None:
    generator, discriminator = Generator(8, (1, 200), 2, classes=3), Discriminator((1, 200), 2, classes=3).eval()
    z, classes = torch.randn(1, 8).repeat(3, 1), one_hot(torch.arange(3), 3).float()
    sounds = generator(z, classes)
    assert not torch.allclose(sounds[0], sounds[1])
    scores = discriminator(sounds[:1].expand(3, -1, -1), classes)
    assert len(set(scores.tolist())) == 3


def test_phase_shuffle_moves_all_channels_of_a_sound_alike_and_reflects() -> None:
    maps = torch.arange(10.0).repeat(50, 3, 1)
    moved = phase_shuffle(maps, 2)
    allowed = {
        (2.0, 1.0, 0.0, 1.0), (1.0, 0.0, 1.0, 2.0), (0.0, 1.0, 2.0, 3.0), (1.0, 2.0, 3.0, 4.0), (2.0, 3.0, 4.0, 5.0)
    }  # fmt: skip
    assert {tuple(row[0, :4].tolist()) for row in moved} == allowed
    ends = {tuple(row[0, -3:].tolist()) for row in moved}
    assert ends == {(5.0, 6.0, 7.0), (6.0, 7.0, 8.0), (7.0, 8.0, 9.0), (8.0, 9.0, 8.0), (9.0, 8.0, 7.0)}
    assert_array_equal(moved[:, 0].numpy(), moved[:, 2].numpy())


def test_the_first_sounds_are_quiet_and_batch_normalisation_is_a_choice() -> None:
    for norm, count in (("none", 0), ("batch", 3)):
        generator = Generator(8, (1, 800), 8, norm=norm)
        sounds = generator(torch.randn(32, 8))
        assert 0.005 < sounds.std() < 0.3
        assert sum(isinstance(module, torch.nn.BatchNorm1d) for module in generator.modules()) == count


def test_spectral_normalisation_keeps_every_layer_at_1() -> None:
    discriminator = Discriminator((1, 800), 2, norm="spectral", classes=3)
    for _ in range(50):
        discriminator(torch.randn(2, 1, 800), torch.eye(3)[:2])
    layers = [module for module in discriminator.modules() if isinstance(module, torch.nn.Conv1d | torch.nn.Linear)]
    largest = [float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) for layer in layers]
    assert largest == pytest.approx([1.0] * 5, abs=1e-2)


def test_phase_shuffle_is_of_training_alone() -> None:
    discriminator, sounds = Discriminator((1, 800), 2), torch.randn(4, 1, 800)
    torch.manual_seed(0)
    first, second = discriminator(sounds), discriminator(sounds)
    assert not torch.equal(first, second)
    discriminator.eval()
    assert torch.equal(discriminator(sounds), discriminator(sounds))
