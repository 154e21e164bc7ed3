"""Other ways to train a generator, as bodies of the same loop: VAE, diffusion, GSN."""
