from django.http import HttpRequest, HttpResponse
from django.urls import path


def _none(_: HttpRequest) -> HttpResponse:
    return HttpResponse()


app_name = "clinic"

urlpatterns = [path("", _none, name="desk")]
