"""唐音: classical Chinese regulated verse with small LSTM language models."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tangyin.api import (  # noqa: I001 - a name a line would be half of the file
        Answer, Candidates, CiReport, Evaluation, LineWay, Report, Score, SheetReport,
        TangyinError, UsageError, Verse, Writer, check, check_sheet, load, rule_named,
    )  # fmt: skip

__all__ = [
    "Answer", "Candidates", "CiReport", "Evaluation", "LineWay", "Report", "Score", "SheetReport",
    "TangyinError", "UsageError", "Verse", "Writer", "check", "check_sheet", "load", "rule_named",
]  # fmt: skip
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that `import tangyin.lstm` does not pay for the writer.
    if name in __all__:
        return getattr(import_module("tangyin.api"), name)
    raise AttributeError(f"module 'tangyin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "import_module"})
