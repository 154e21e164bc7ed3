"""`python -m ganatomy`, the command without its script (for torchrun -m ganatomy)."""

from ganatomy.cli import main

main()
