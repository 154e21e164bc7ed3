"""A training loop of your own, diagnosed: two small networks, hinge losses, and four lines of Ganatomy."""

import torch
from torch import nn

import ganatomy


def train(images: torch.Tensor, steps: int = 400, rate: float = 1e-3) -> ganatomy.Diagnosis:
    """images: [N, C, H, W] in [−1, 1]."""
    size = images[0].numel()
    generator = nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, size), nn.Tanh())
    discriminator = nn.Sequential(nn.Flatten(), nn.Linear(size, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
    optimisers = [torch.optim.Adam(each.parameters(), rate, betas=(0.5, 0.999)) for each in (discriminator, generator)]
    diagnosis = ganatomy.Diagnosis(objective="hinge")
    for step in range(1, steps + 1):
        real = images[torch.randint(len(images), (128,))]
        fake = generator(torch.randn(128, 16)).view(real.shape)
        real_scores, fake_scores = discriminator(real), discriminator(fake.detach())
        optimisers[0].zero_grad()
        (torch.relu(1 - real_scores) + torch.relu(1 + fake_scores)).mean().backward()
        optimisers[0].step()
        optimisers[1].zero_grad()
        (-discriminator(fake).mean()).backward()
        optimisers[1].step()
        if step % 20 == 0:
            diagnosis.observe(step, real=real, fake=fake, real_scores=real_scores, fake_scores=fake_scores)
    return diagnosis


if __name__ == "__main__":
    data = ganatomy.prepare("digits", size=16)
    diagnosis = train(torch.from_numpy(data.pixels[:]).permute(0, 3, 1, 2) / 127.5 - 1)
    print(diagnosis.verdict)
    for finding in diagnosis.findings():
        print(f"{finding} (since step {finding.began}): {finding.meaning} What helps: {finding.remedy}.")
