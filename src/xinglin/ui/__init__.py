"""How pages look and behave: the base page, the design tokens, the icons, and the islands.

``templates/ui/base.html`` is what every page extends. ``static/xl`` holds the house's own styles, whose
classes begin with ``xl-``, and the islands: small custom elements (``xl-search``, ``xl-timeline``,
``xl-trend``) that draw what the server has put inside them as plain lists and tables. ``static/vendor`` is others'
work, fetched by ``tools/vendor_frontend.py``. ``templatetags/ui.py`` has icons, dates and sparklines.
``entry.page`` makes a view: signed in, with a door to the record that knows who and why.

The content security policy allows scripts and styles from our own files alone: no ``style=`` or ``on…=``
attribute, no inline script; data for an island go into ``<script type="application/json">``.
"""
