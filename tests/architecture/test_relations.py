"""What linters of imports cannot see: relations between tables stay inside a package."""

from __future__ import annotations

import inspect

from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField


def test_no_table_points_into_another_package() -> None:
    leaving = [
        f"{model.__name__}.{field.name} -> {field.related_model.__module__}"
        for model in apps.get_models()
        if model.__module__.startswith("xinglin.")
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey | ManyToManyField)
        and inspect.isclass(field.related_model)
        and field.related_model.__module__.split(".")[:2] != model.__module__.split(".")[:2]
    ]

    assert leaving == []
