"""Measuring a generator that is given an image: how near what it draws is to each target, and how like real images."""
