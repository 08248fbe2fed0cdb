from django.urls import path

from xinglin.audit.views import alerts, lines, residents, security

app_name = "audit"

urlpatterns = [
    path("", lines.lines, name="lines"),
    path("lines/<int:place>/", lines.line, name="line"),
    path("export/", lines.export, name="export"),
    path("board/", security.security, name="board"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<int:number>/", alerts.alert, name="alert"),
    path("rules/", alerts.in_force, name="rules"),
    path("patient/<str:patient>/", residents.resident, name="resident"),
]
