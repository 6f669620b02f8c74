"""The linked registry of real estate: its own tables, its own book, its own checks.

It knows the approval side only by messages (``server.contracts``).
"""
