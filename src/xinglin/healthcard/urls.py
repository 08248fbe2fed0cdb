app_name = "healthcard"

urlpatterns: list[object] = []
