"""Every system trained and measured: one file for each chapter of docs/REPRODUCTION.md."""
