"""Pages to pass on: folders of files that any browser opens, without a server and without a network."""
