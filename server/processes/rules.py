"""The shape of the law that a model's paths are held against, for areas that may not know the engine."""

from workflows.paths import Rules, Said, Verdicts

__all__ = ["Rules", "Said", "Verdicts"]
