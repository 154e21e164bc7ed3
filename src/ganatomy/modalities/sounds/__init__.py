"""Short sounds: files, their two forms, and spectrograms."""
