"""Recurrent cells and `LSTM`, a stack of layers of any cell, in PyTorch."""

from tangyin.nn.cell import LSTMCell as LSTMCell
from tangyin.nn.cell import RecurrentCell as RecurrentCell
from tangyin.nn.cross_entropy import linear_cross_entropy as linear_cross_entropy
from tangyin.nn.initialization import INITIALIZATIONS as INITIALIZATIONS
from tangyin.nn.initialization import initialize as initialize
from tangyin.nn.language_model import Dropout as Dropout
from tangyin.nn.lstm import LSTM as LSTM
from tangyin.nn.sequence import lstm_sequence as lstm_sequence
from tangyin.nn.state import LSTMState as LSTMState
from tangyin.nn.state import ShapeError as ShapeError
from tangyin.nn.state import mask_from_lengths as mask_from_lengths
