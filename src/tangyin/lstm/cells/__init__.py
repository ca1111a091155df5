"""The recurrent cells, one a file; `tangyin.lstm.cell` says what such a file holds."""

from tangyin.lstm.cell import cell_named as cell_named
from tangyin.lstm.cell import names as names
