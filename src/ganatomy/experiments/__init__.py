"""What the papers and articles claim, decided by experiment, and the exams of diagnosis and scores."""
