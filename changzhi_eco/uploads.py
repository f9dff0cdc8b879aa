"""What a request may bring along: a file that is too large is counted, not kept."""

from __future__ import annotations

from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from projects.services.attachments import MAX_BYTES


class LimitedUploads(FileUploadHandler):
    """Stands before the handlers that keep files, and stops passing on what lies beyond the limit.

    The form that asked for the file still gets it, without content but with its true size, and says what is wrong.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data if start + len(raw_data) <= MAX_BYTES else None

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        if file_size <= MAX_BYTES:
            return None  # The next handler has it.
        return UploadedFile(BytesIO(), self.file_name, self.content_type, file_size)
