"""The LSTM in NumPy: one step and all its Jacobians, backward through time, a language model.

docs/derivation.md derives the mathematics and quotes this code beside each formula.
"""

from tangyin.lstm.language_model import LanguageModel as LanguageModel
from tangyin.lstm.layers import cross_entropy_backward as cross_entropy_backward
from tangyin.lstm.layers import cross_entropy_forward as cross_entropy_forward
from tangyin.lstm.layers import embedding_backward as embedding_backward
from tangyin.lstm.layers import embedding_forward as embedding_forward
from tangyin.lstm.layers import linear_backward as linear_backward
from tangyin.lstm.layers import linear_forward as linear_forward
from tangyin.lstm.layers import plain_rnn_dh_dh_prev as plain_rnn_dh_dh_prev
from tangyin.lstm.layers import plain_rnn_step as plain_rnn_step
from tangyin.lstm.layers import softmax as softmax
from tangyin.lstm.layers import softmax_jacobian as softmax_jacobian
from tangyin.lstm.local_jacobians import *  # noqa: F403
from tangyin.lstm.optimizers import SGD as SGD
from tangyin.lstm.optimizers import Adadelta as Adadelta
from tangyin.lstm.optimizers import Adam as Adam
from tangyin.lstm.optimizers import AdamW as AdamW
from tangyin.lstm.optimizers import Optimizer as Optimizer
from tangyin.lstm.optimizers import RMSprop as RMSprop
from tangyin.lstm.parameters import GATES as GATES
from tangyin.lstm.parameters import Parameters as Parameters
from tangyin.lstm.sequence import SequenceGradients as SequenceGradients
from tangyin.lstm.sequence import Trace as Trace
from tangyin.lstm.sequence import sequence_backward as sequence_backward
from tangyin.lstm.sequence import sequence_forward as sequence_forward
from tangyin.lstm.step import Step as Step
from tangyin.lstm.step import StepGradients as StepGradients
from tangyin.lstm.step import gate_gradients as gate_gradients
from tangyin.lstm.step import sigmoid as sigmoid
from tangyin.lstm.step import step_backward as step_backward
from tangyin.lstm.step import step_forward as step_forward
from tangyin.lstm.step_jacobians import *  # noqa: F403
