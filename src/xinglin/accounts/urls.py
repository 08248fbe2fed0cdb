from django.urls import path

from xinglin.accounts.views import administration, own, signing

app_name = "accounts"

urlpatterns = [
    path("sign-in/", signing.sign_in, name="sign-in"),
    path("sign-in/second/", signing.second, name="second"),
    path("sign-in/second/key/", signing.second_key, name="second-key"),
    path("sign-out/", signing.sign_out, name="sign-out"),
    path("language/", signing.language, name="language"),
    path("account/", own.own, name="own"),
    path("account/password/", own.password, name="password"),
    path("account/app/", own.app, name="app"),
    path("account/app/remove/", own.app_remove, name="app-remove"),
    path("account/codes/", own.codes, name="codes"),
    path("account/key/options/", own.key_options, name="key-options"),
    path("account/key/", own.key, name="key"),
    path("account/key/<int:number>/remove/", own.key_remove, name="key-remove"),
    path("account/sessions/end/", own.sessions_end, name="sessions-end"),
    path("account/sessions/<int:number>/end/", own.session_end, name="session-end"),
    path("accounts/", administration.listing, name="listing"),
    path("accounts/new/", administration.new, name="new"),
    path("accounts/events/", administration.history, name="history"),
    path("accounts/<int:number>/", administration.one, name="one"),
    path("accounts/<int:number>/<slug:verb>/", administration.act, name="act"),
]
