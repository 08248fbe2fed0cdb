from django.urls import path

from xinglin.smart.views import administration, authorizing, bindings, ehrs, exchanging, own, provider

app_name = "smart"

urlpatterns = [
    path(".well-known/smart-configuration", exchanging.smart_configuration, name="smart-configuration"),
    path(".well-known/openid-configuration", exchanging.openid_configuration, name="openid-configuration"),
    path(".well-known/oauth-authorization-server", exchanging.openid_configuration, name="server-metadata"),
    path("oauth/authorize", authorizing.authorize, name="authorize"),
    path("oauth/token", exchanging.token, name="token"),
    path("oauth/revoke", exchanging.revoke, name="revoke"),
    path("oauth/introspect", exchanging.introspect, name="introspect"),
    path("oauth/userinfo", exchanging.userinfo, name="userinfo"),
    path("oauth/jwks", exchanging.jwks, name="jwks"),
    path("record/launch/jwks.json", exchanging.client_jwks, name="client-jwks"),
    path("sign-in/provider/", provider.begin, name="upstream"),
    path("sign-in/provider/return/", provider.returned, name="returned"),
    path("account/apps/", own.allowed, name="allowed"),
    path("account/apps/<int:number>/end/", own.end, name="end"),
    path("residents/<str:patient>/apps/<int:number>/", own.launch, name="launch"),
    path("apps/", administration.listing, name="listing"),
    path("apps/identities/", bindings.bindings, name="bindings"),
    path("apps/new/", administration.new, name="new"),
    path("apps/ehrs/", ehrs.listing, name="ehrs"),
    path("apps/ehrs/new/", ehrs.new, name="ehr-new"),
    path("apps/ehrs/<int:number>/", ehrs.one, name="ehr"),
    path("apps/ehrs/<int:number>/<slug:verb>/", ehrs.act, name="ehr-act"),
    path("apps/<int:number>/", administration.one, name="one"),
    path("apps/<int:number>/<slug:verb>/", administration.act, name="act"),
]
