"""唐音: classical Chinese regulated verse with small LSTM language models."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tangyin.api import Writer as Writer
    from tangyin.api import check as check
    from tangyin.api import load as load

__all__ = ["Writer", "check", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that `import tangyin.lstm` does not pay for the writer.
    if name in __all__:
        return getattr(import_module("tangyin.api"), name)
    raise AttributeError(f"module 'tangyin' has no attribute {name!r}")
