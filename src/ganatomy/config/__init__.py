"""Every option declared once; configurations read, written and changed by name; recipes."""
