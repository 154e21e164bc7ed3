"""What a sample is: how it is normalised, shown and written."""
