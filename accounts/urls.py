"""Signing in and out, and the inbox."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from accounts.views import messages

urlpatterns = [
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("messages/", messages.inbox, name="messages"),
    path("messages/read/", messages.messages_read, name="messages_read"),
    path("messages/<int:pk>/", messages.message, name="message"),
]
