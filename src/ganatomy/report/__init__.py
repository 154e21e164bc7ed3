"""A run's page: pictures, scores, diagnosis, charts and configuration in one file."""
