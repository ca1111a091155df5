"""Cells, layers and stacks of the LSTM family in PyTorch."""

from tangyin.nn.cell import CoupledLSTMCell as CoupledLSTMCell
from tangyin.nn.cell import LayerNormLSTMCell as LayerNormLSTMCell
from tangyin.nn.cell import LSTMCell as LSTMCell
from tangyin.nn.cell import MogrifierLSTMCell as MogrifierLSTMCell
from tangyin.nn.cell import NormalisedCarryLSTMCell as NormalisedCarryLSTMCell
from tangyin.nn.cell import PeepholeLSTMCell as PeepholeLSTMCell
from tangyin.nn.cell import RecurrentCell as RecurrentCell
from tangyin.nn.conversion import from_torch as from_torch
from tangyin.nn.conversion import to_torch as to_torch
from tangyin.nn.cross_entropy import linear_cross_entropy as linear_cross_entropy
from tangyin.nn.initialization import INITIALIZATIONS as INITIALIZATIONS
from tangyin.nn.initialization import initialize as initialize
from tangyin.nn.language_model import Dropout as Dropout
from tangyin.nn.layer import BidirectionalLSTMLayer as BidirectionalLSTMLayer
from tangyin.nn.layer import LSTMLayer as LSTMLayer
from tangyin.nn.layer import RecurrentLayer as RecurrentLayer
from tangyin.nn.layer import ReverseLSTMLayer as ReverseLSTMLayer
from tangyin.nn.layer import StackedLSTM as StackedLSTM
from tangyin.nn.lstm import LSTM as LSTM
from tangyin.nn.sequence import lstm_sequence as lstm_sequence
from tangyin.nn.state import LSTMState as LSTMState
from tangyin.nn.state import ShapeError as ShapeError
from tangyin.nn.state import mask_from_lengths as mask_from_lengths
