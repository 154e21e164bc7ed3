"""What the networks of StyleGAN2 are made of: weights of equalised learning rate, resampling, modulated convolutions.

Karras et al. 2020, arXiv:1912.04958. Equalised learning rate (Karras et al. 2018, arXiv:1710.10196, section 4.1):
weights are drawn from N(0, 1) and scaled by 1/√fan-in whenever they are used, so that Adam, whose steps have one size
for all, changes every layer by the same share of itself.

Leaky ReLUs have slope 0.2 and gain √2, which keeps a signal's strength. As gain·f(x) = f(gain·x), the gain goes into
weights and biases, which are smaller than maps.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2
GAIN = 2**0.5
SMALL = 1e-8  # under every root


def exact(x: Tensor) -> torch.autocast:
    """A context in which nothing is cast below float32, for small x of any shape whose precision matters."""
    return torch.autocast(x.device.type, enabled=False)


def normalise(x: Tensor) -> Tensor:
    """x/√(mean of x²) of each row, [B, n] → [B, n]."""
    return x * (x.square().mean(1, keepdim=True) + SMALL).rsqrt()


def _taps(x: Tensor) -> Tensor:
    """The filter [1, 3, 3, 1] ⊗ [1, 3, 3, 1]/64 for each channel of x, [C, 1, 4, 4]."""
    taps = x.new_ones(4)  # filled where x lives: a copy from the host would make a GPU wait
    taps[1:3] = 3
    return (torch.outer(taps, taps) / 64).expand(x.shape[1], 1, 4, 4)


def blur(x: Tensor, padding: int, stride: int = 1) -> Tensor:
    """The filter over x padded with zeros, at every stride-th pixel: [B, C, H, W] → [B, C, (H + 2p − 4)//s + 1, …]."""
    return F.conv2d(x, _taps(x), stride=stride, padding=padding, groups=x.shape[1])


def double(x: Tensor) -> Tensor:
    """Zeros between the pixels of x, then four times the filter: [B, C, H, W] → [B, C, 2H, 2W]."""
    return F.conv_transpose2d(x, 4 * _taps(x), stride=2, padding=1, groups=x.shape[1])


class Dense(nn.Module):
    """x·Wᵀ + b with equalised learning rate, then, if `active`, the leaky ReLU: [B, inputs] → [B, outputs].

    rate: how fast the layer learns relative to others: its weights and biases are `rate` times what is stored.
    """

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0, active: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.rate, self.active = rate, active

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] → [B, outputs]."""
        gain = self.rate * GAIN if self.active else self.rate
        weight, bias = self.weight * (gain / self.weight.shape[1] ** 0.5), self.bias * gain
        y = F.linear(x, weight.to(x.dtype), bias.to(x.dtype))
        return F.leaky_relu(y, SLOPE) if self.active else y


class Conv(nn.Module):
    """A convolution with equalised learning rate, bias and leaky ReLU, or neither of the two if not `active`."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0, active: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if active else None
        self.stride, self.padding = stride, padding

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, inputs, H, W] → [B, outputs, h, w]."""
        weight = self.weight / self.weight[0].numel() ** 0.5
        if self.bias is None:
            return F.conv2d(x, weight, None, self.stride, self.padding)
        return F.leaky_relu(F.conv2d(x, weight * GAIN, self.bias * GAIN, self.stride, self.padding), SLOPE)


def demodulation(weight: Tensor, style: Tensor) -> Tensor:
    """1/√(Σ over i and k of (s_i·w_oik)²): eq. 3. weight [O, I, k, k], style [B, I] → [B, O]."""
    return (style.square() @ weight.to(style.dtype).square().sum((2, 3)).T + SMALL).rsqrt()


def modulated_conv2d(
    x: Tensor, weight: Tensor, style: Tensor, factor: Tensor | None = None, up: bool = False
) -> Tensor:
    """Convolution with a weight of each image's own, style_i·w_oik·factor_o (eqs. 1 and 3), padded to keep the size.

    x [B, I, H, W], weight [O, I, k, k] with k odd, style [B, I], factor [B, O] → [B, O, H, W]; with `up`, which needs
    k = 3, the transposed convolution of stride 2 and the filter → [B, O, 2H, 2W].
    """
    # Scaled maps and one weight give the same as a grouped convolution with B weights, which CPUs are slower at.
    style = style * 4 if up else style  # the gain of `double`
    x = x * style.to(x.dtype)[:, :, None, None]
    if up:
        y = blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), padding=1)
    else:
        y = F.conv2d(x, weight, padding=weight.shape[2] // 2)
    return y if factor is None else y * factor.to(y.dtype)[:, :, None, None]


class StyledConv(nn.Module):
    """A modulated, demodulated 3×3 convolution, noise, bias and leaky ReLU: figure 2 (c).

    x [B, inputs, h, w] and w [B, style] → [B, outputs, *size]. The noise, one map for all channels times a learned
    strength that starts at 0, is fresh for every image in training mode, and one fixed map (a buffer) in eval mode.
    """

    noise: Tensor

    def __init__(self, inputs: int, outputs: int, style: int, size: tuple[int, int], up: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.affine = Dense(style, inputs, bias=1.0)
        self.up = up
        self.register_buffer("noise", torch.randn(1, 1, *size))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Maps [B, inputs, h, w], styles w [B, style] → maps [B, outputs, *size]."""
        with exact(x):
            style = self.affine(w)
            factor = demodulation(self.weight, style) * GAIN
        y = modulated_conv2d(x, self.weight, style, factor, self.up)
        noise = self.noise.new_empty(len(x), *self.noise.shape[1:]).normal_() if self.training else self.noise
        offset = (noise * self.strength * GAIN).to(y.dtype)
        return F.leaky_relu(y + offset + (self.bias * GAIN).to(y.dtype)[:, None, None], SLOPE)


class ToRGB(nn.Module):
    """A modulated 1×1 convolution to the image's channels, without demodulation: x and w [B, style] → [B, C, H, W]."""

    def __init__(self, inputs: int, channels: int, style: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.affine = Dense(style, inputs, bias=1.0)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Maps [B, inputs, H, W], styles w [B, style] → images [B, C, H, W], to be summed over all scales."""
        with exact(x):
            style = self.affine(w) / self.weight.shape[1] ** 0.5
        # The bias is never cast, so under autocast too the colours, to be summed over all scales, are in float32.
        return modulated_conv2d(x, self.weight, style) + self.bias[:, None, None]
