"""The shape of the law that a model's paths are held against, for areas that may not know the engine."""

from workflows.paths import Rules

__all__ = ["Rules"]
