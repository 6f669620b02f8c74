"""What tests of pages need: the password of made-up people, the token of a form."""

import re

PASSWORD = "bridge-and-pit"


def token_of(html: str) -> str:
    """The CSRF token of a page's first form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found is not None
    return found.group(1)


def words_of(html: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"<[^>]+>", "", html)
