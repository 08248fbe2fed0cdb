"""The record's parts under ``/my/record/<patient>/``, by the names of the portal's addresses.

Included as an instance ``my-record`` of the application ``portal``: the portal's templates, drawn here, then link to
these addresses and not to the portal's.
"""

from django.urls import path

from xinglin.residents.views import medicines, record, results, summary

urlpatterns = [
    path("", record.overview, name="record"),
    path("problems/", record.problems_part, name="problems"),
    path("medicines/", medicines.medicines_part, name="medicines"),
    path("results/", results.results_part, name="results"),
    path("results/trend/", results.trend, name="trend"),
    path("encounters/", record.encounters_part, name="encounters"),
    path("documents/", record.documents_part, name="documents"),
    path("documents/<str:kind>/<str:document>/", results.reading, name="reading"),
    path("documents/<str:kind>/<str:document>/original/<int:number>/", results.original, name="original"),
    path("immunisations/", record.immunisations_part, name="immunisations"),
    path("allergies/", record.allergies_part, name="allergies"),
    path("export/", record.export, name="export"),
    path("summary/", summary.sheet, name="summary"),
    path("summary/pdf/", summary.pdf, name="summary-pdf"),
    path("summary/document/", summary.document, name="summary-document"),
    path("print/", record.paper, name="print"),
]
