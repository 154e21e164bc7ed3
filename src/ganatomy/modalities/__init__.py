"""What a sample is: how it is normalised, previewed and written."""
