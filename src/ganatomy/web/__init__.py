"""What every page and service of this package stands behind: who may talk to it, how much, and for how long."""
