"""Every system trained and measured: one file a chapter of docs/REPRODUCTION.md."""
