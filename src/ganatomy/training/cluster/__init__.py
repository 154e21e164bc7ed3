"""Engines that exist: Ray places processes on other machines, which then train as `torchrun`'s do: docs/CLUSTER.md."""
