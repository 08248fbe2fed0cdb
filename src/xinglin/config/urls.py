"""The pages' addresses."""

from django.urls import include, path

urlpatterns = [
    path("", include("xinglin.accounts.urls")),
    path("", include("xinglin.portal.urls")),
]
