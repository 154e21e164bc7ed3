"""The claims of the articles: one file a family of claims, each with its experiment, criteria and picture."""
