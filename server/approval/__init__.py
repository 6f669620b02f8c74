"""The approval side: projects, cases, materials, permits, acceptance and filing.

Talks to the registry by messages only (``server.contracts``).
"""
