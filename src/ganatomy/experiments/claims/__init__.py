"""The claims of the articles: one file for each kind, with its experiments, criteria, pictures and lessons."""
