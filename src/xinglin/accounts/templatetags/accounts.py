"""Roles in words."""

from __future__ import annotations

from django import template

from xinglin.accounts.models import Role

register = template.Library()


@register.filter
def role_words(code: str) -> str:
    """A role's name; a code of no role speaks for itself."""
    return str(Role(code).label) if code in Role.values else code
