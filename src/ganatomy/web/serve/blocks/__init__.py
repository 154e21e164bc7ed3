"""What is drawn in blocks of seeds, rows and sounds, over HTTP: what both have in common."""
