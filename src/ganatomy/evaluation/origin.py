"""The code of extractors and metrics from outside Ganatomy: it decides a score, so the protocol identifies it."""

from typing import Any

from ganatomy.system.registry import Registry


def code_of(registry: Registry[Any], name: str) -> dict[str, Any]:
    """{"code": module, version and SHA-256 of the file} of a part from outside Ganatomy; {} for ours."""
    origin = registry.origin(name) if name in registry else None
    if origin is None:
        return {}
    return {"code": {"module": origin.module, "version": origin.version, "sha256": origin.sha256}}
