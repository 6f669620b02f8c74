"""Every route is guarded or listed as public: a rule over the whole URL map."""

from server.app import create_app
from server.config import Settings


def test_every_endpoint_of_the_url_map_is_in_the_access_table_and_nothing_else_is(settings: Settings) -> None:
    app = create_app(settings)
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints == set(app.extensions["gcb_access"])
