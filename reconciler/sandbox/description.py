"""What the sandbox says of itself: a path's metadata for OPTIONS, and the whole as OpenAPI."""

from reconciler.sandbox.body import JSON, MEDIA_TYPES
from reconciler.sandbox.call import Call
from reconciler.sandbox.routes import ROOT
from reconciler.sandbox.wire import Answer, json_answer, json_bytes


def metadata(call: Call) -> Answer:
    """The answer to OPTIONS, in the shape of Django REST Framework."""
    words = call.request.path.removeprefix(ROOT).replace("_", " ").split("/")
    return json_answer(
        200,
        {
            "name": " ".join(word for word in words if "-" not in word).strip().title(),
            "description": "",
            "renders": [JSON],
            "parses": list(MEDIA_TYPES),
        },
    )


def schema(_call: Call) -> Answer:
    """The OpenAPI description."""
    from reconciler.sandbox.openapi import document_text  # noqa: PLC0415  # built on demand

    return json_bytes(200, document_text())
