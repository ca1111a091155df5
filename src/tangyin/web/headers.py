"""The security headers of every answer."""

REPORT = "/report"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing but our own files, no inline script or style, no frame around the page."""
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The report is one file that contains its styles and drawings, and has no script at all."""


def headers_of(path: str) -> dict[str, str]:
    """The security headers of an answer to a request for a path."""
    return {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": REPORT_POLICY if path == REPORT else POLICY,
        # Files have an ETag: a browser asks whether its copy is still valid.
        "Cache-Control": "no-store" if path.startswith("/api/") else "no-cache",
    }
