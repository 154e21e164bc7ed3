"""Pictures over HTTP, drawn of those that are sent."""
