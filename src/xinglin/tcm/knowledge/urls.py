from django.urls import path

from xinglin.tcm.knowledge import desk, peoples, views

app_name = "tcm"

urlpatterns = [
    path("", views.start, name="start"),
    path("herbs.json", views.herbs_json, name="herbs"),
    path("sources/", views.sources, name="sources"),
    path("sources/new/", desk.new_source, name="new-source"),
    path("kind/<slug:kind>/", views.listed, name="kind"),
    path("term/<slug:term>/", views.term, name="term"),
    path("term/<slug:term>/propose/", desk.propose, name="propose"),
    path("term/<slug:term>/confirm/", desk.confirm, name="confirm"),
    path("fact/<int:fact>/", desk.fact, name="fact"),
    path("changes/", desk.changes, name="changes"),
    path("changes/<int:change>/", desk.decide, name="decide"),
    path("peoples/<slug:tradition>/", peoples.entries, name="entries"),
    path("peoples/<slug:tradition>/new/", peoples.new_entry, name="new-entry"),
    path("peoples/<slug:tradition>/<slug:code>/", peoples.entry, name="entry"),
]
