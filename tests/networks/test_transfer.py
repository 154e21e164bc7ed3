"""What a network takes over from another one's weights, layer by layer, and which layers are held fixed."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganatomy.networks import dcgan, resnet, stylegan2
from ganatomy.networks.transfer import freeze, layers, take_over

STYLE = {"channels_base": 256, "channels_most": 16, "mapping_layers": 2}


def drawn(network: nn.Module, seed: int) -> nn.Module:
    """The network with other numbers in all of its tensors."""
    random = torch.Generator().manual_seed(seed)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=random) / 4 + 0.1)  # variances are positive
    return network


def test_the_same_network_draws_the_same_images() -> None:
    one, other = (drawn(dcgan.Generator(8, (3, 32, 32), 4), seed).eval() for seed in (0, 1))
    z = torch.randn(2, 8)
    taken = take_over(other, one.state_dict())
    assert (taken.whole, taken.anew, taken.parts) == (taken.of, [], [])
    assert torch.equal(one(z), other(z))


@pytest.mark.parametrize("role", ["Generator", "Discriminator"])
def test_other_channels_begin_one_layer_anew(role: str) -> None:
    given = (8,) if role == "Generator" else ()
    one, other = (drawn(getattr(dcgan, role)(*given, (c, 16, 16), 4), c) for c in (1, 3))
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    taken = take_over(other, one.state_dict())
    assert taken.whole == taken.of - 1
    (anew,) = taken.anew
    for name, tensor in other.state_dict().items():
        of_layer = name.rpartition(".")[0] == anew
        assert torch.equal(tensor, before[name] if of_layer else one.state_dict()[name])


def test_larger_images_keep_the_maps_of_the_same_size() -> None:
    """A style-based generator of 32 pixels is one of 16 with two more convolutions, and so is its discriminator."""
    small, large = (drawn(stylegan2.Generator(8, (3, s, s), style=8, **STYLE), s) for s in (16, 32))
    taken = take_over(large, small.state_dict())
    assert all(name.startswith(("convs.5", "convs.6", "to_rgb.3")) for name in taken.anew)
    for name, tensor in small.state_dict().items():
        assert torch.equal(tensor, large.state_dict()[name]), name
    small, large = (drawn(stylegan2.Discriminator((3, s, s), **STYLE), s) for s in (16, 32))
    taken = take_over(large, small.state_dict())
    for name, tensor in small.blocks[0].state_dict().items():  # of 16 pixels: the second of the larger one
        if small.blocks[0].conv.weight.shape == large.blocks[1].conv.weight.shape:
            assert torch.equal(tensor, large.blocks[1].state_dict()[name])
    assert torch.equal(small.dense.weight, large.dense.weight)


def test_dcgans_of_other_sizes_share_the_layers_next_to_the_image() -> None:
    small, large = (drawn(dcgan.Generator(8, (3, s, s), 4), s) for s in (16, 32))
    take_over(large, small.state_dict())
    assert torch.equal(small.layers[-2].weight, large.layers[-2].weight)
    assert torch.equal(small.layers[-5].weight, large.layers[-5].weight)


def test_of_other_classes_what_reads_z_is_taken_over() -> None:
    """So that the generator without classes draws what the other one drew of classes that weigh nothing."""
    one, other = (drawn(dcgan.Generator(8, (3, 16, 16), 4, classes=k), k).eval() for k in (5, 0))
    taken = take_over(other, one.state_dict(), latent=8)
    assert taken.parts == ["layers.0"]
    assert taken.anew == []
    z = torch.randn(2, 8)
    assert torch.equal(other(z), one(z, torch.zeros(2, 5)))
    back = drawn(dcgan.Generator(8, (3, 16, 16), 4, classes=3), 3)
    before = back.layers[0].weight.clone()
    take_over(back, one.state_dict(), latent=8)
    assert torch.equal(back.layers[0].weight[:8], one.layers[0].weight[:8])
    assert torch.equal(back.layers[0].weight[8:], before[8:])


def test_nothing_is_taken_over_where_nothing_fits() -> None:
    one, other = dcgan.Generator(8, (3, 16, 16), 4), dcgan.Generator(9, (1, 16, 16), 5)
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    assert take_over(other, one.state_dict()).whole == 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in other.state_dict().items())


def test_the_first_layers_are_held_fixed() -> None:
    network = dcgan.Discriminator((3, 32, 32), 4)
    assert freeze(network, 2) == ["layers.0", "layers.2", "layers.3"]  # a normalisation goes with its convolution
    fixed = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert fixed == {"layers.0.weight", "layers.2.weight", "layers.3.weight", "layers.3.bias"}
    assert freeze(dcgan.Discriminator((3, 32, 32), 4), 0) == []
    with pytest.raises(ValueError, match="of 4 layers 4 cannot be held fixed"):
        freeze(network, 4)


def test_a_normalised_weight_is_one_layer_with_its_bias() -> None:
    network = nn.Sequential(spectral_norm(nn.Linear(3, 4)), nn.ReLU(), spectral_norm(nn.Linear(4, 1)))
    assert list(layers(network.state_dict())) == ["0", "2"]
    assert freeze(network, 1) == ["0"]
    assert [parameter.requires_grad for parameter in network.parameters()] == [False, False, True, True]
    first = freeze(resnet.Discriminator((3, 32, 32), 4), 1)
    assert first == ["blocks.0.conv1"]
