from django.urls import path

from xinglin.ui import views

app_name = "ui"

urlpatterns = [
    path("", views.kit, name="kit"),
    path("unread/", views.unread, name="unread"),
    path("session/", views.session, name="session"),
]
