"""The exception for tensors that do not fit a layer."""


class ShapeError(ValueError, RuntimeError):
    """A tensor's shape or dtype does not fit the layer it was given to.

    It is a RuntimeError too because torch.nn.LSTM raises that, so that code which catches either
    goes on working when the one layer takes the other's place.
    """
