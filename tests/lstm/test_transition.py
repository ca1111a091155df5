import numpy as np
import torch

from tangyin.lstm import (
    plain_rnn_dh_dh_prev,
    plain_rnn_step,
    state_jacobians,
    step_forward,
)

H, E, T = 4, 3, 6


def walk(generator, parameters):
    h, c = generator.standard_normal((2, H))
    steps = []
    for x in generator.standard_normal((T, E)):
        steps.append(step_forward(parameters, x, h, c))
        h, c = steps[-1].h, steps[-1].c
    return steps


def torch_run(parameters, xs, state):
    W_ih, W_hh, b = (torch.from_numpy(a) for a in (parameters.W_ih, parameters.W_hh, parameters.b))
    h, c = state.chunk(2)
    for x in torch.from_numpy(xs):
        i, f, g, o = (W_ih @ x + W_hh @ h + b).chunk(4)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return torch.cat([h, c])


def test_state_jacobian_is_autograd_through_all_the_steps_between(
    generator, random_parameters, relative_error
):
    parameters = random_parameters(generator, H, E)
    steps = walk(generator, parameters)
    xs = np.stack([step.x for step in steps])
    ours = state_jacobians(parameters, steps)
    assert ours.shape == (T + 1, 2 * H, 2 * H)
    for t, step in enumerate(steps):
        state = torch.from_numpy(np.concatenate([step.h_prev, step.c_prev]))
        reference = torch.autograd.functional.jacobian(
            lambda s, t=t: torch_run(parameters, xs[t:], s), state
        )
        assert relative_error(ours[t], reference) <= 1e-12
    np.testing.assert_array_equal(ours[T], np.eye(2 * H))


def test_without_recurrent_weights_the_cell_carries_the_product_of_the_forget_gates(
    generator, random_parameters
):
    parameters = random_parameters(generator, H, E)
    parameters.W_hh[:] = 0
    steps = walk(generator, parameters)
    ours = state_jacobians(parameters, steps)[0][H:, H:]
    expected = np.diag(np.prod([step.f for step in steps], axis=0))
    np.testing.assert_allclose(ours, expected, rtol=1e-13, atol=0)


def test_plain_rnn_and_its_jacobian_are_those_of_torch(generator, relative_error):
    cell = torch.nn.RNNCell(E, H, dtype=torch.float64)
    W_ih, W_hh = cell.weight_ih.detach().numpy(), cell.weight_hh.detach().numpy()
    b = (cell.bias_ih + cell.bias_hh).detach().numpy()
    x, h_prev = generator.standard_normal(E), generator.standard_normal(H)
    h = plain_rnn_step(W_ih, W_hh, b, x, h_prev)
    assert relative_error(h, cell(torch.from_numpy(x), torch.from_numpy(h_prev))) <= 1e-12
    reference = torch.autograd.functional.jacobian(
        lambda v: cell(torch.from_numpy(x), v), torch.from_numpy(h_prev)
    )
    assert relative_error(plain_rnn_dh_dh_prev(W_hh, h), reference) <= 1e-12
