from django.urls import path

from xinglin.signing import views

app_name = "signing"

urlpatterns = [
    path("verify", views.interface, name="interface"),
    path("verify/", views.verify, name="verify"),
    path("of/<path:reference>/", views.signed, name="signed"),
    path("authorities/<int:authority>.crl", views.revoked, name="crl"),
]
