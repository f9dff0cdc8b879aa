"""What the OpenAPI schema says of every operation: how it fails."""

from __future__ import annotations

from typing import Any

from changzhi_eco.api_errors import MEDIA_TYPE

TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457), in the language of Accept-Language, Chinese by default.",
    "required": ["type", "title", "status", "code", "detail", "instance", "request_id", "errors"],
    "properties": {
        "type": {**TEXT, "format": "uri"},
        "title": TEXT,
        "status": {"type": "integer"},
        "code": TEXT,
        "detail": TEXT,
        "instance": {**TEXT, "format": "uri"},
        "request_id": {**TEXT, "description": "Finds the request in the portal's log; also in X-Request-ID."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {**TEXT, "description": "JSON pointer into the body."},
                    "parameter": {**TEXT, "description": "Name of the query parameter."},
                    "code": TEXT,
                    "detail": TEXT,
                },
            },
        },
        "current": {"$ref": "#/components/schemas/Entry", "description": "With 412: the entry as it is now."},
        "existing": {"type": "integer", "description": "With already_entered: the id of the entry that is there."},
    },
}


def document_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give every operation the answer it has for all that goes wrong."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = {"description": "Refused", "content": content}
    return result
