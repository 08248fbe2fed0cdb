from django.urls import path

from xinglin.live import views

app_name = "live"

urlpatterns = [path("", views.renew, name="renew")]
