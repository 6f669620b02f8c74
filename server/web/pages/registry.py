"""The registrars' pages: their desk (inbox, cases) and the book."""

from server.web.access import Access
from server.web.pages import registry_book, registry_desk

blueprint = registry_desk.blueprint
ACCESS: dict[str, Access] = {**registry_desk.ACCESS, **registry_book.ACCESS}
