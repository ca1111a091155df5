"""The optimizers of the course report and their kin, step by step as in `torch.optim`."""

from tangyin.lstm.optimizers.adadelta import Adadelta
from tangyin.lstm.optimizers.adagrad import Adagrad
from tangyin.lstm.optimizers.adam import Adam
from tangyin.lstm.optimizers.adamw import AdamW
from tangyin.lstm.optimizers.optimizer import Optimizer
from tangyin.lstm.optimizers.rmsprop import RMSprop
from tangyin.lstm.optimizers.sgd import SGD

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop"]
