"""How good a generator is: features, metrics, score cards, comparison."""
