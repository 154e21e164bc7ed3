"""The game: Algorithm 1, its players, and the parts that it is made of."""
