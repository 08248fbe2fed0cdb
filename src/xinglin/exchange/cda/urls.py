from django.urls import path

from xinglin.exchange.cda import views

app_name = "documents"

urlpatterns = [
    path("", views.documents, name="documents"),
    path("made/<str:kind>/", views.made, name="made"),
    path("<str:document>/", views.document, name="document"),
    path("<str:document>/original.xml", views.original, name="original"),
    path("<str:document>/record.xml", views.anew, name="anew"),
]
