"""Inception: torch-fidelity's network, with random weights."""

from io import BytesIO

import numpy as np
import pytest
import safetensors.torch
import torch
from random_weights import (
    check_it_refuses_alpha_and_other_networks,
    check_making_it_leaves_the_random_state_alone,
    randomised,
    sha256,
)

from ganatomy.evaluation import features
from ganatomy.evaluation.features import inception
from tiny import waves


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """torch-fidelity's network, and its weights in a file."""
    fidelity = pytest.importorskip("torch_fidelity")

    class Untrained(fidelity.FeatureExtractorInceptionV3):
        def load_state_dict(self, *_):
            pass

    empty = BytesIO()
    torch.save({}, empty)  # noqa: TID251
    empty.seek(0)
    network = Untrained("inception", ["2048", "logits_unbiased"], empty)
    path = tmp_path_factory.mktemp("inception") / "network.safetensors"
    safetensors.torch.save_file(randomised(network), path)
    return network, path


@pytest.mark.parametrize(("height", "width", "channels"), [(20, 30, 3), (40, 16, 1)])
def test_inception_is_torch_fidelitys(official, height, width, channels):
    network, path = official
    pixels = waves(3, height, width, channels)
    extractor = features.make("inception", weights=path, sha256=sha256(path))
    got = extractor(pixels)
    with torch.no_grad():
        expected, logits = network(torch.from_numpy(pixels).permute(0, 3, 1, 2).repeat(1, 3 // channels, 1, 1))
    np.testing.assert_allclose(got.features, expected, rtol=1e-5)
    np.testing.assert_allclose(got.probabilities, logits.double().softmax(1), rtol=1e-5)
    assert got.probabilities.shape == (3, extractor.classes)
    assert got.features.std(0).max() > 1e-3


def test_only_the_official_weights_may_be_called_fid(official, monkeypatch):
    _, path = official
    digest = sha256(path)
    assert not features.make("inception", weights=path, sha256=digest).official
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")
    assert features.make("inception", weights=path).protocol["sha256"] == digest
    monkeypatch.setattr(inception, "OFFICIAL", digest)
    assert features.make("inception", weights=path).official


def test_inception_refuses_alpha_and_other_networks(official, tmp_path):
    _, path = official
    check_it_refuses_alpha_and_other_networks("inception", path, tmp_path)


def test_making_inception_leaves_the_random_state_alone(official):
    _, path = official
    check_making_it_leaves_the_random_state_alone("inception", path)
