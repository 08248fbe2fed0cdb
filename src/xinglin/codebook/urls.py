from django.urls import include, path

from xinglin.codebook import loading, views

app_name = "codebook"

urlpatterns = [
    path("", views.home, name="home"),
    path("mapping/", include("xinglin.codebook.mapping.urls")),
    path("find/", views.find, name="find"),
    path("system/", views.system, name="system"),
    path("children/", views.children, name="children"),
    path("concept/", views.concept, name="concept"),
    path("set/", views.value_set, name="set"),
    path("map/", views.concept_map, name="map"),
    path("compare/", views.compare, name="compare"),
    path("export/", views.export, name="export"),
    path("load/", loading.load, name="load"),
    path("load/<uuid:upload>/", loading.tried, name="try"),
    path("unload/", loading.unload, name="unload"),
]
