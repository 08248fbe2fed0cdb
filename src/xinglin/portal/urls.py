from django.urls import path

from xinglin.portal.views import changes, closed, home, imaging, launches, links, record, summary, traditional

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("today/lately/", home.lately, name="lately"),
    path("today/<slug:key>/", home.part, name="today"),
    path("link/", links.follow, name="link"),
    path("record/launch", launches.begin, name="launch"),
    path("record/launch/", launches.begin),
    path("record/launch/link/<int:number>/", launches.link, name="launch-link"),
    path("record/launch/<slug:key>/", launches.returned, name="launch-returned"),
    path("residents/", record.residents, name="residents"),
    path("policy/", closed.ask_preview, name="ask-preview"),
    path("residents/<str:patient>/", record.record, name="record"),
    path("residents/<str:patient>/timeline/", record.timeline_part, name="timeline"),
    path("residents/<str:patient>/encounters/", record.encounters_part, name="encounters"),
    path("residents/<str:patient>/problems/", record.problems_part, name="problems"),
    path("residents/<str:patient>/medicines/", record.medicines_part, name="medicines"),
    path("residents/<str:patient>/results/", record.results_part, name="results"),
    path("residents/<str:patient>/results/trend/", record.trend, name="trend"),
    path("residents/<str:patient>/trends/", record.trends_part, name="trends"),
    path("residents/<str:patient>/documents/", record.documents_part, name="documents"),
    path("residents/<str:patient>/documents/<str:kind>/<str:document>/", record.reading, name="reading"),
    path("residents/<str:patient>/immunisations/", record.immunisations_part, name="immunisations"),
    path("residents/<str:patient>/allergies/", record.allergies_part, name="allergies"),
    path("residents/<str:patient>/images/", imaging.images_part, name="images"),
    path("residents/<str:patient>/images/ecg/<str:observation>/", imaging.tracing, name="ecg"),
    path(
        "residents/<str:patient>/images/ecg/<str:observation>/values/",
        imaging.tracing_values,
        name="ecg-values",
    ),
    path("residents/<str:patient>/images/<str:study>/", imaging.study, name="study"),
    path(
        "residents/<str:patient>/images/<str:study>/<str:series>/<str:instance>/values/",
        imaging.values,
        name="values",
    ),
    path("residents/<str:patient>/summary/", summary.summary_part, name="summary"),
    path("residents/<str:patient>/summary/document/", summary.document, name="summary-document"),
    path("residents/<str:patient>/tcm/", traditional.tcm_part, name="tcm"),
    path("residents/<str:patient>/changes/", changes.changes_part, name="changes"),
    path("residents/<str:patient>/conflicts/", changes.conflicts_part, name="conflicts"),
    path("residents/<str:patient>/sources/", record.sources_part, name="sources"),
    path("residents/<str:patient>/identity/", record.reveal, name="reveal"),
    path("residents/<str:patient>/open/", closed.break_glass, name="break-glass"),
    path("residents/<str:patient>/policy/", closed.preview, name="preview"),
    path("residents/<str:patient>/purpose/", record.choose_purpose, name="purpose"),
]
