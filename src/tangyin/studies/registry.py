"""The studies by name."""

from collections.abc import Callable
from typing import Any

from tangyin.studies.gradients import gradients
from tangyin.studies.report_protocol import report_protocol

Study = Callable[..., dict[str, Any]]
"""Called with `quick` and `say` (told progress in sentences); returns JSON values."""

STUDIES: dict[str, Study] = {
    "gradients": gradients,
    "report-protocol": report_protocol,
}
