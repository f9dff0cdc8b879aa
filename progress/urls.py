"""The pages of progress, and the project page, which joins the register with its figures."""

from django.urls import path

from progress.views import entries, entry_forms, evidence, overview, projects, review

urlpatterns = [
    path("", overview.home, name="home"),
    path("overview/", overview.overview, name="overview"),
    path("targets/<slug:code>/", overview.target, name="target"),
    path("entries/", entries.entry_list, name="entries"),
    path("entries/new/", entry_forms.entry_new, name="entry_new"),
    path("entries/<int:pk>/", entries.entry_page, name="entry"),
    path("entries/<int:pk>/edit/", entry_forms.entry_edit, name="entry_edit"),
    path("entries/<int:pk>/evidence/", evidence.evidence_add, name="evidence_add"),
    path("entries/<int:pk>/evidence/remove/", evidence.evidence_remove, name="evidence_remove"),
    path("entries/<int:pk>/<slug:step>/", entries.entry_step, name="entry_step"),
    path("review/", review.review, name="review"),
    path("projects/<slug:code>/", projects.project, name="project"),
    path("attachments/<int:pk>/", evidence.attachment, name="attachment"),
]
