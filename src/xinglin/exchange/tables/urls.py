from django.urls import path

from xinglin.exchange.tables import views

app_name = "exchange_tables"

urlpatterns = [
    path("", views.tables, name="tables"),
    path("blanks/<slug:key>.<str:form>", views.blank, name="blank"),
    path("<str:job>/", views.upload, name="upload"),
    path("<str:job>/columns/", views.columns, name="columns"),
    path("<str:job>/load/", views.load, name="load"),
    path("<str:job>/marked.xlsx", views.marked, name="marked"),
]
