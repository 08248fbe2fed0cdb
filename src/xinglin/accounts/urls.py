from django.urls import path

from xinglin.accounts import views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("account/", views.account, name="account"),
    path("account/end/", views.end, name="end"),
    path("language/", views.language, name="language"),
]
