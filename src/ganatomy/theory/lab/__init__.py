"""The lab: a small GAN learns a distribution whose density is known."""
