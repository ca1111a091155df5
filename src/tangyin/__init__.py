"""唐音: classical Chinese regulated verse with small LSTM language models."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tangyin.api import Candidates as Candidates
    from tangyin.api import Evaluation as Evaluation
    from tangyin.api import LineWay as LineWay
    from tangyin.api import Report as Report
    from tangyin.api import Score as Score
    from tangyin.api import SheetReport as SheetReport
    from tangyin.api import TangyinError as TangyinError
    from tangyin.api import UsageError as UsageError
    from tangyin.api import Verse as Verse
    from tangyin.api import Writer as Writer
    from tangyin.api import check as check
    from tangyin.api import check_sheet as check_sheet
    from tangyin.api import load as load
    from tangyin.api import rule_named as rule_named

__all__ = [
    "Candidates", "Evaluation", "LineWay", "Report", "Score", "SheetReport", "TangyinError",
    "UsageError", "Verse", "Writer", "check", "check_sheet", "load", "rule_named",
]  # fmt: skip
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that `import tangyin.lstm` does not pay for the writer.
    if name in __all__:
        return getattr(import_module("tangyin.api"), name)
    raise AttributeError(f"module 'tangyin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "import_module"})
