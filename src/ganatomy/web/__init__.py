"""Servers for browsers and programs: `serve`, images over HTTP, and `studio`, runs in a browser; `guard` protects both.

The defaults are here because the commands list them without importing a server.
"""

HOST = "127.0.0.1"
SERVE_PORT = 8000
BACKENDS = ("torch", "onnx")  # that `ganatomy serve` draws with
STUDIO_PORT = 8050
DEADLINE = 10.0  # seconds within which `ganatomy serve` answers a request that it accepts
