"""The machine: device and processes, signals, optional packages, what is installed, formatting."""
