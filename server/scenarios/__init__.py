"""Plays scenarios, stories told as data, through the HTTP API of a running server. Knows nothing of tables or actions."""

from server.scenarios.own_server import NotStarted
from server.scenarios.reporting import run
from server.scenarios.story import StoryError, load

__all__ = ["NotStarted", "StoryError", "load", "run"]
