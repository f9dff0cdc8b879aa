"""The page of the register."""

from django.urls import path

from projects.views import project_list

urlpatterns = [
    path("", project_list, name="projects"),
]
