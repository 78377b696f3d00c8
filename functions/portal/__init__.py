"""The portal: pages for people, on the same functions of the API as every other client.

A page is a line of `routes.PAGES`, a function ``(visit, **path) -> Answer`` in a module of `edge.MODULES`, a template
that extends ``layout.html``, and messages in ``locales/<group>.toml``. It asks and changes by `Visit.ask`, which calls
a function of the API as the visitor; what that raises becomes a page of its own, unless the page shows it at a field.
"""
