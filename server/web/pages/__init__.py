"""The pages: one module a desk, each with its ``blueprint`` and its lines of the access table (``ACCESS``).

Conventions. A view asks queries, calls one action, renders one template ``<blueprint>/<view>.html``; it holds no rule of
the domain and commits nothing (the edge does). POST ends in a redirect; a refused POST draws the same page again with
the sentences of ``Invalid`` beside the fields (``_ui.html`` ``errors``) and status 422. A page that is no menu item says
where it belongs (``shell.stand_at``). Links to pages that may not exist yet ask ``shell.exists``.
"""

from collections.abc import Mapping

from flask import Blueprint, Flask

from server.web import assets, filters, security, shell, static
from server.web.access import Access
from server.web.pages import accounts, diagrams, errors, files, officer, owner, public, registry, studio, studio_walk

MODULES = (static, public, accounts, diagrams, files, officer, owner, registry, studio, studio_walk)


def blueprints() -> tuple[Blueprint, ...]:
    """Every blueprint that draws pages."""
    return tuple(module.blueprint for module in MODULES)


def tables() -> tuple[Mapping[str, Access], ...]:
    """Their lines of the access table."""
    return tuple(module.ACCESS for module in MODULES)


def install(app: Flask) -> None:
    """Give an application its pages, filters, assets, error pages and protection."""
    security.install(app)
    shell.install(app)
    filters.install(app)
    assets.install(app)
    errors.install(app)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
