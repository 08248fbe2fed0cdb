"""The pages' addresses."""

from django.urls import include, path

from xinglin.exchange.cda.views import soap

urlpatterns = [
    path("", include("xinglin.accounts.urls")),
    path("persons/", include("xinglin.identity.urls")),
    path("directory/", include("xinglin.directory.urls")),
    path("ledger/", include("xinglin.ledger.urls")),
    path("cards/", include("xinglin.healthcard.urls")),
    path("audit/", include("xinglin.audit.urls")),
    path("quality/", include("xinglin.quality.urls")),
    path("codes/", include("xinglin.codebook.urls")),
    path("tcm/differentiation/", include("xinglin.tcm.differentiation.urls")),
    path("tcm/", include("xinglin.tcm.knowledge.urls")),
    path("exchange/edges/", include("xinglin.exchange.edges.urls")),
    path("exchange/nodes/", include("xinglin.exchange.nodes.urls")),
    path("exchange/mappings/", include("xinglin.exchange.mapping.urls")),
    path("exchange/tables/", include("xinglin.exchange.tables.urls")),
    path("exchange/onboarding/", include("xinglin.exchange.onboarding.urls")),
    path("exchange/studies/", include("xinglin.exchange.dicom.urls")),
    path("exchange/documents/", include("xinglin.exchange.cda.urls")),
    path("exchange/subscriptions/", include("xinglin.exchange.subscriptions.urls")),
    path("exchange/soap", soap),
    path("exchange/", include("xinglin.exchange.urls")),
    path("ui/live/", include("xinglin.live.urls")),
    path("ui/", include("xinglin.ui.urls")),
    path("clinic/", include("xinglin.clinic.urls")),
    path("recognition/", include("xinglin.recognition.urls")),
    path("signing/", include("xinglin.signing.urls")),
    path("tcm/adapter/", include("xinglin.tcm.adapter.urls")),
    path("tcm/safety/", include("xinglin.tcm.safety.urls")),
    path("tcm/constitution/", include("xinglin.tcm.constitution.urls")),
    path("", include("xinglin.reminders.urls")),
    path("", include("xinglin.smart.urls")),
    path("", include("xinglin.consent.urls")),
    path("", include("xinglin.residents.urls")),
    path(
        "my/record/<str:patient>/",
        include(("xinglin.residents.record_urls", "portal"), namespace="my-record"),
    ),
    path("", include("xinglin.portal.urls")),
]
