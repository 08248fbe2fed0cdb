app_name = "codebook"

urlpatterns: list[object] = []
