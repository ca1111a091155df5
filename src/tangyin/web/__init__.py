"""The web page and its API (`tangyin serve`)."""

from tangyin.web.app import create_app

__all__ = ["create_app"]
