"""Putting projects on the register."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import User
from projects.models import Project, Subject, SubjectKind


@transaction.atomic
def register_project(*, code: str, by: User | None, **fields: Any) -> Project:
    """Put a project on the register or bring its entry up to date, with its subject; unchanged ones stay untouched."""
    project = Project.objects.select_related("subject").filter(code=code).first()
    if project is None:
        project = Project(code=code, **fields)
        project.subject = Subject.objects.create(**_subject_fields(project))
        project.save(force_insert=True)
        audit.record(by=by, action="project.register", obj=project, after={"code": code, "name": project.name})
        return project
    before = {name: _plain(getattr(project, name)) for name, value in fields.items() if getattr(project, name) != value}
    if before:
        for name in before:
            setattr(project, name, fields[name])
        project.save()
        Subject.objects.filter(pk=project.subject_id).update(**_subject_fields(project))
        after = {name: _plain(getattr(project, name)) for name in before}
        audit.record(by=by, action="project.change", obj=project, before=before, after=after)
    return project


def _subject_fields(project: Project) -> dict[str, Any]:
    return {
        "kind": SubjectKind.PROJECT,
        "name": str(project),
        "region": project.region,
        "organisation": project.owner,
        "url": project.get_absolute_url(),
    }


def _plain(value: Any) -> Any:
    return getattr(value, "pk", value)
