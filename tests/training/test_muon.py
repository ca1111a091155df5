"""Muon: orthogonal steps for the gates, AdamW's own for everything else."""

import torch

from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.training.muon import Muon, orthogonalized
from tangyin.verse import Vocabulary

H = 24


def model():
    torch.manual_seed(3)
    return LanguageModel(Architecture(16, H), Vocabulary("日月山水風花雪夜"))


def with_gradients(network):
    generator = torch.Generator().manual_seed(5)
    for parameter in network.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    return network


def test_an_orthogonalized_matrix_has_the_singular_vectors_of_the_old_and_values_near_one():
    torch.manual_seed(1)
    for shape in ((3, 20, 50), (3, 50, 20)):
        matrices = torch.randn(shape)
        found = orthogonalized(matrices).float()
        values = torch.linalg.svdvals(found)
        assert (values > 0.5).all()
        assert (values < 1.3).all()
        u, _, vh = torch.linalg.svd(matrices, full_matrices=False)
        inner = u.mT @ found @ vh.mT  # diagonal when the singular vectors are kept
        off = inner - torch.diag_embed(torch.diagonal(inner, dim1=-2, dim2=-1))
        assert off.abs().max() < 0.05


def test_each_gate_is_made_orthogonal_by_itself():
    network = model()
    before = network.lstm.weight_hh_l0.detach().clone()
    Muon(with_gradients(network), lr=0.1).step()
    step = (before - network.lstm.weight_hh_l0.detach()) / (0.1 * 0.2 * H**0.5)
    for gate in step.chunk(4):
        values = torch.linalg.svdvals(gate)
        assert (values[:-2] > 0.5).all()  # the smallest of a square matrix may be near 0 at first
        assert (values < 1.3).all()


def test_parameters_beside_the_gates_move_as_under_adamw():
    ours, theirs = model(), model()
    muon = Muon(ours, lr=0.01, weight_decay=0.1)
    adamw = torch.optim.AdamW(theirs.parameters(), lr=0.01, weight_decay=0.1)
    for _ in range(3):
        with_gradients(ours)
        with_gradients(theirs)
        muon.step()
        adamw.step()
    reference = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        same = torch.allclose(parameter, reference[name], rtol=1e-5, atol=1e-7)
        assert same == (".weight_ih" not in name and ".weight_hh" not in name), name
