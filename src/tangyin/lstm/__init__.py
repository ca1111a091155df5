"""The LSTM in NumPy: one step and every Jacobian of it, backward through time, a language model.

The mathematics is derived in docs/derivation.md, formula by formula beside this code.
"""

from tangyin.lstm.activations import sigmoid
from tangyin.lstm.embedding import embedding_backward, embedding_forward
from tangyin.lstm.language_model import LanguageModel
from tangyin.lstm.linear import linear_backward, linear_forward
from tangyin.lstm.local_jacobians import (
    dc_dc_prev,
    dc_df,
    dc_dg,
    dc_di,
    dh_dc,
    dh_do,
    dsigmoid_dy,
    dtanh_dy,
    dy_db,
    dy_dW,
    dy_dz,
    dz_dh_prev,
    dz_dx,
)
from tangyin.lstm.optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, Optimizer, RMSprop
from tangyin.lstm.parameters import GATES, Parameters
from tangyin.lstm.plain_rnn import plain_rnn_dh_dh_prev, plain_rnn_step
from tangyin.lstm.sequence import (
    SequenceGradients,
    Trace,
    sequence_backward,
    sequence_forward,
)
from tangyin.lstm.softmax_cross_entropy import (
    cross_entropy_backward,
    cross_entropy_forward,
    softmax,
    softmax_jacobian,
)
from tangyin.lstm.step import Step, StepGradients, gate_gradients, step_backward, step_forward
from tangyin.lstm.step_jacobians import (
    dc_dh_prev,
    dc_dx,
    dc_dz,
    dh_db_f,
    dh_db_g,
    dh_db_i,
    dh_db_o,
    dh_dc_prev,
    dh_df,
    dh_dg,
    dh_dh_prev,
    dh_di,
    dh_dW_f,
    dh_dW_g,
    dh_dW_i,
    dh_dW_o,
    dh_dx,
    dh_dz,
    jacobians,
)
from tangyin.lstm.transition import state_jacobians, transition_jacobian

__all__ = [
    "GATES",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "LanguageModel",
    "Optimizer",
    "Parameters",
    "RMSprop",
    "SequenceGradients",
    "Step",
    "StepGradients",
    "Trace",
    "cross_entropy_backward",
    "cross_entropy_forward",
    "dc_dc_prev",
    "dc_df",
    "dc_dg",
    "dc_dh_prev",
    "dc_di",
    "dc_dx",
    "dc_dz",
    "dh_dW_f",
    "dh_dW_g",
    "dh_dW_i",
    "dh_dW_o",
    "dh_db_f",
    "dh_db_g",
    "dh_db_i",
    "dh_db_o",
    "dh_dc",
    "dh_dc_prev",
    "dh_df",
    "dh_dg",
    "dh_dh_prev",
    "dh_di",
    "dh_do",
    "dh_dx",
    "dh_dz",
    "dsigmoid_dy",
    "dtanh_dy",
    "dy_dW",
    "dy_db",
    "dy_dz",
    "dz_dh_prev",
    "dz_dx",
    "embedding_backward",
    "embedding_forward",
    "gate_gradients",
    "jacobians",
    "linear_backward",
    "linear_forward",
    "plain_rnn_dh_dh_prev",
    "plain_rnn_step",
    "sequence_backward",
    "sequence_forward",
    "sigmoid",
    "softmax",
    "softmax_jacobian",
    "state_jacobians",
    "step_backward",
    "step_forward",
    "transition_jacobian",
]
