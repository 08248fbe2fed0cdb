from django.urls import path, re_path

from xinglin.directory import views
from xinglin.directory.kinds import KINDS

app_name = "directory"

_KIND = f"(?P<kind>{'|'.join(KINDS)})"
_ID = r"(?P<id_>[A-Za-z0-9\-.]{1,64})"

urlpatterns = [
    path("", views.home, name="home"),
    path("tree/", views.branches, name="branches"),
    path("find/", views.find, name="find"),
    path("options/", views.options, name="options"),
    path("import/", views.imports, name="imports"),
    re_path(rf"^import/template/{_KIND}\.(?P<form>csv|xlsx)$", views.template, name="template"),
    path("import/provinces/", views.provinces, name="provinces"),
    path("import/<str:job>/", views.one_import, name="import"),
    path("import/<str:job>/carry-out/", views.carry_out, name="carry-out"),
    path("import/<str:job>/report.csv", views.report, name="report"),
    re_path(rf"^{_KIND}/export\.(?P<form>csv|xlsx)$", views.export, name="export"),
    re_path(rf"^{_KIND}/new/$", views.edit, name="new"),
    re_path(r"^divisions/(?P<code>[0-9]{2,12})/$", views.division, name="division"),
    re_path(r"^divisions/(?P<code>[0-9]{12})/change/$", views.change_division, name="change-division"),
    re_path(rf"^{_KIND}/{_ID}/edit/$", views.edit, name="edit"),
    re_path(rf"^{_KIND}/{_ID}/restore/$", views.restore, name="restore"),
    re_path(rf"^{_KIND}/{_ID}/$", views.thing, name="thing"),
    re_path(rf"^{_KIND}/{_ID}/(?P<part>[a-z]+)/$", views.thing, name="part"),
]
