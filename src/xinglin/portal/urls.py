from django.urls import path

from xinglin.portal import views

app_name = "portal"

urlpatterns = [
    path("", views.home, name="home"),
    path("residents/", views.residents, name="residents"),
    path("residents/<str:patient>/", views.record, name="record"),
    path("residents/<str:patient>/timeline/", views.timeline_part, name="timeline"),
    path("residents/<str:patient>/encounters/", views.encounters_part, name="encounters"),
    path("residents/<str:patient>/problems/", views.problems_part, name="problems"),
    path("residents/<str:patient>/medicines/", views.medicines_part, name="medicines"),
    path("residents/<str:patient>/results/", views.results_part, name="results"),
    path("residents/<str:patient>/results/trend/", views.trend, name="trend"),
    path("residents/<str:patient>/trends/", views.trends_part, name="trends"),
    path("residents/<str:patient>/documents/", views.documents_part, name="documents"),
    path("residents/<str:patient>/documents/<str:kind>/<str:document>/", views.reading, name="reading"),
    path("residents/<str:patient>/immunisations/", views.immunisations_part, name="immunisations"),
    path("residents/<str:patient>/allergies/", views.allergies_part, name="allergies"),
    path("residents/<str:patient>/sources/", views.sources_part, name="sources"),
    path("residents/<str:patient>/identity/", views.reveal, name="reveal"),
    path("residents/<str:patient>/open/", views.break_glass, name="break-glass"),
    path("residents/<str:patient>/policy/", views.preview, name="preview"),
    path("residents/<str:patient>/purpose/", views.choose_purpose, name="purpose"),
]
