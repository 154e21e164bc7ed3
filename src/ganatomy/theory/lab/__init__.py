"""The lab: a small GAN learns a distribution of which everything is known."""
