"""People, organisations, roles, sign-in, access rules. The sign-in pages are in web."""
