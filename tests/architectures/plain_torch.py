"""Architectures in plain PyTorch, small: each builder returns the loss of one training step."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

Tensor = torch.Tensor
Loss = Callable[[], Tensor]


def recurrent(kind: type[nn.RNNBase]) -> Loss:
    net, head = kind(4, 6, num_layers=2, batch_first=True, bidirectional=True), nn.Linear(12, 3)
    X, y = torch.randn(5, 7, 4), torch.randint(3, (5,))
    return lambda: F.cross_entropy(head(net(X)[0][:, -1]), y)


def recurrent_cell(kind: type[nn.RNNCellBase]) -> Loss:
    cell, head = kind(4, 6), nn.Linear(6, 1)
    X, y = torch.randn(7, 5, 4), torch.randn(5, 1)

    def loss() -> Tensor:
        state = None
        for x in X:
            state = cell(x, state)
        return F.mse_loss(head(state[0] if isinstance(state, tuple) else state), y)

    return loss


def packed_lstm() -> Loss:
    net, head = nn.LSTM(4, 6), nn.Linear(6, 1)
    X, lengths = torch.randn(7, 3, 4), torch.tensor([7, 5, 2])

    def loss() -> Tensor:
        out, _ = net(nn.utils.rnn.pack_padded_sequence(X, lengths))
        padded, _ = nn.utils.rnn.pad_packed_sequence(out)
        return head(padded).square().mean()

    return loss


def attention() -> Loss:
    net = nn.MultiheadAttention(8, 2, dropout=0.1, batch_first=True)
    X, mask = torch.randn(3, 5, 8), torch.zeros(3, 5, dtype=torch.bool)
    mask[:, -1] = True
    return lambda: net(X, X, X, key_padding_mask=mask)[0].square().mean()


def encoder() -> Loss:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu", norm_first=True)
    net, head = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(8, 3)
    X, y = torch.randn(3, 5, 8), torch.randint(3, (3,))
    return lambda: F.cross_entropy(head(net(X).mean(1)), y)


def decoder() -> Loss:
    net = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)
    X, memory = torch.randn(5, 3, 8), torch.randn(4, 3, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    return lambda: net(X, memory, tgt_mask=mask, tgt_is_causal=True).square().mean()


def transformer() -> Loss:
    words = nn.Embedding(20, 8)
    net, head = nn.Transformer(8, 2, 1, 1, 16, batch_first=True), nn.Linear(8, 20)
    source, target = torch.randint(20, (3, 5)), torch.randint(20, (3, 6))

    def loss() -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(5)
        out = head(net(words(source), words(target[:, :-1]), tgt_mask=mask))
        return F.cross_entropy(out.flatten(0, 1), target[:, 1:].flatten())

    return loss


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)])
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.norms[0](self.first(x)))
        out = self.norms[1](self.second(out))
        out += x
        return self.relu(out)


def resnet() -> Loss:
    net = nn.Sequential(
        nn.Conv2d(3, 8, 7, 2, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
        Residual(8),
        Residual(8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(8, 4),
    )
    X, y = torch.randn(4, 3, 20, 20), torch.randint(4, (4,))
    return lambda: F.cross_entropy(net(X), y, label_smoothing=0.1)


def unet() -> Loss:
    down, deep = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
    up, last = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 1, 1)
    X, y = torch.randn(2, 1, 8, 8), torch.rand(2, 1, 8, 8).round()

    def loss() -> Tensor:
        first = F.silu(F.group_norm(down(X), 2))
        second = F.leaky_relu(deep(F.max_pool2d(first, 2)), 0.1)
        out = last(torch.cat([first, up(second)], 1))
        probability = out.sigmoid()
        dice = 1 - 2 * (probability * y).sum() / (probability.sum() + y.sum())
        return F.binary_cross_entropy_with_logits(out, y) + dice

    return loss


def upsampling_decoder() -> Loss:
    net = nn.Sequential(
        nn.Conv2d(2, 8, 3, padding="same", padding_mode="reflect"),
        nn.InstanceNorm2d(8, affine=True),
        nn.PReLU(),
        nn.PixelShuffle(2),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        nn.Conv2d(2, 1, 3),
        nn.Tanh(),
    )
    X = torch.randn(2, 2, 5, 5)
    return lambda: net(X).abs().mean()


def graph_network(add: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Loss:
    message, update = nn.Linear(8, 6), nn.Linear(10, 4)
    nodes, start, end = torch.randn(6, 4), torch.randint(6, (12,)), torch.randint(6, (12,))

    def loss() -> Tensor:
        sent = F.relu(message(torch.cat([nodes[start], nodes[end]], -1)))
        gathered = add(torch.zeros(6, 6), end, sent)
        return update(torch.cat([nodes, gathered], -1)).logsumexp(-1).mean()

    return loss


def graph_attention() -> Loss:
    transform, score = nn.Linear(4, 6), nn.Linear(12, 1)
    nodes, start, end = torch.randn(6, 4), torch.randint(6, (12,)), torch.randint(6, (12,))

    def loss() -> Tensor:
        h = transform(nodes)
        e = F.leaky_relu(score(torch.cat([h[start], h[end]], -1))).squeeze(-1).exp()
        total = torch.zeros(6).scatter_add(0, end, e)
        weighted = (e / total[end]).unsqueeze(-1) * h[start]
        return torch.zeros(6, 6).index_add(0, end, weighted).square().mean()

    return loss


def vae() -> Loss:
    encode, decode = nn.Linear(10, 8), nn.Linear(4, 10)
    X = torch.rand(5, 10)

    def loss() -> Tensor:
        mean, log_variance = encode(X).chunk(2, -1)
        z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum(-1)
        return F.binary_cross_entropy(decode(z).sigmoid(), X, reduction="sum") / 5 + divergence.mean()

    return loss


def experts() -> Loss:
    gate, nets = nn.Linear(6, 4), nn.ModuleList([nn.Linear(6, 6) for _ in range(4)])
    X = torch.randn(10, 6)

    def loss() -> Tensor:
        weights, chosen = gate(X).softmax(-1).topk(2)
        weights = weights / weights.sum(-1, keepdim=True)
        out = torch.zeros_like(X)
        for index, net in enumerate(nets):
            rows, slot = (chosen == index).nonzero(as_tuple=True)
            out = out.index_add(0, rows, net(X[rows]) * weights[rows, slot].unsqueeze(-1))
        return (out - X).square().mean()

    return loss


def siamese() -> Loss:
    net = nn.Sequential(nn.Linear(6, 8), nn.ELU(), nn.Linear(8, 4))
    a, b, far = torch.randn(5, 6), torch.randn(5, 6), torch.randn(5, 6)

    def loss() -> Tensor:
        x, y, z = net(a), net(b), net(far)
        return F.triplet_margin_loss(x, y, z) + (1 - F.cosine_similarity(x, y)).mean()

    return loss


def contrastive() -> Loss:
    net, temperature = nn.Linear(6, 4), nn.Parameter(torch.tensor(2.0))
    a, b = torch.randn(5, 6), torch.randn(5, 6)

    def loss() -> Tensor:
        x, y = F.normalize(net(a), dim=-1), F.normalize(net(b), dim=-1)
        scores = x @ y.t() * temperature.exp()
        return (F.cross_entropy(scores, torch.arange(5)) + F.cross_entropy(scores.t(), torch.arange(5))) / 2

    return loss


def autoencoder() -> Loss:
    net = nn.Sequential(
        nn.Conv1d(1, 4, 3, stride=2, padding=1),
        nn.Softplus(),
        nn.ConvTranspose1d(4, 1, 3, stride=2, padding=1, output_padding=1),
        nn.Hardtanh(),
    )
    X = torch.randn(3, 1, 8)
    return lambda: F.smooth_l1_loss(net(X), X)


def critic() -> Loss:
    net = nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(6, 8)), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    real, fake = torch.randn(5, 6), torch.randn(5, 6)
    return lambda: F.relu(1 - net(real)).mean() + F.relu(1 + net(fake)).mean()


def generator() -> Loss:
    make = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(True), nn.Linear(8, 6), nn.Tanh())
    judge = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    z = torch.randn(5, 3)
    return lambda: F.binary_cross_entropy_with_logits(judge(make(z)), torch.ones(5, 1))


def mixture_density() -> Loss:
    net = nn.Linear(2, 9)
    X, y = torch.randn(5, 2), torch.randn(5, 1)

    def loss() -> Tensor:
        logits, mean, scale = net(X).split(3, -1)
        normal = torch.distributions.Normal(mean, F.softplus(scale) + 1e-3)
        return -(F.log_softmax(logits, -1) + normal.log_prob(y)).logsumexp(-1).mean()

    return loss


def policy_gradient() -> Loss:
    net, value = nn.Linear(4, 3), nn.Linear(4, 1)
    seen, done, reward = torch.randn(6, 4), torch.randint(3, (6,)), torch.randn(6)

    def loss() -> Tensor:
        policy = torch.distributions.Categorical(logits=net(seen))
        advantage = reward - value(seen).squeeze(-1)
        ratio = (policy.log_prob(done) - policy.log_prob(done).detach()).exp()
        clipped = torch.min(ratio * advantage.detach(), ratio.clamp(0.8, 1.2) * advantage.detach())
        return -clipped.mean() + advantage.square().mean() - 0.01 * policy.entropy().mean()

    return loss


def rotary_einsum_attention() -> Loss:
    project, last = nn.Linear(8, 24), nn.Linear(8, 8)
    X = torch.randn(2, 5, 8)

    def loss() -> Tensor:
        q, k, v = (part.unflatten(-1, (2, 4)) for part in project(X).chunk(3, -1))
        angles = torch.outer(torch.arange(5.0), torch.tensor([1.0, 0.1]))
        cos, sin = angles.cos()[:, None], angles.sin()[:, None]
        q, k = (
            torch.cat([t[..., :2] * cos - t[..., 2:] * sin, t[..., :2] * sin + t[..., 2:] * cos], -1) for t in (q, k)
        )
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / 2
        scores = scores.masked_fill(torch.ones(5, 5, dtype=torch.bool).triu(1), float("-inf"))
        return last(torch.einsum("bhqk,bkhd->bqhd", scores.softmax(-1), v).flatten(-2)).square().mean()

    return loss


def neural_field() -> Loss:
    first, last = nn.Linear(2, 16), nn.Linear(32, 3)
    at, colour = torch.rand(20, 2), torch.rand(20, 3)

    def loss() -> Tensor:
        waves = 30 * first(at)
        return F.huber_loss(torch.sigmoid(last(torch.cat([waves.sin(), waves.cos()], -1))), colour)

    return loss


def factorisation() -> Loss:
    users, items = nn.Embedding(10, 4), nn.Embedding(12, 4, padding_idx=0)
    bias = nn.Parameter(torch.zeros(12))
    who, what, stars = torch.randint(10, (8,)), torch.randint(12, (8,)), torch.rand(8)
    return lambda: F.mse_loss((users(who) * items(what)).sum(-1) + bias[what], stars)


MODELS: dict[str, Callable[[], Loss]] = {
    "RNN": lambda: recurrent(nn.RNN),
    "LSTM": lambda: recurrent(nn.LSTM),
    "GRU": lambda: recurrent(nn.GRU),
    "RNNCell": lambda: recurrent_cell(nn.RNNCell),
    "LSTMCell": lambda: recurrent_cell(nn.LSTMCell),
    "GRUCell": lambda: recurrent_cell(nn.GRUCell),
    "packed LSTM": packed_lstm,
    "MultiheadAttention": attention,
    "TransformerEncoder": encoder,
    "TransformerDecoder": decoder,
    "Transformer": transformer,
    "ResNet": resnet,
    "U-Net": unet,
    "upsampling decoder": upsampling_decoder,
    "graph network, index_add": lambda: graph_network(lambda into, at, what: into.index_add(0, at, what)),
    "graph network, scatter_add": lambda: graph_network(
        lambda into, at, what: into.scatter_add(0, at.unsqueeze(-1).expand_as(what), what)
    ),
    "graph attention": graph_attention,
    "VAE": vae,
    "mixture of experts": experts,
    "siamese, triplet": siamese,
    "contrastive": contrastive,
    "autoencoder": autoencoder,
    "GAN, critic": critic,
    "GAN, generator": generator,
    "mixture density": mixture_density,
    "policy gradient": policy_gradient,
    "rotary attention by einsum": rotary_einsum_attention,
    "neural field": neural_field,
    "matrix factorisation": factorisation,
}
# PyTorch computes these in one native function that has no rule: the chain goes through by autograd.
RECURRENT = {"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell", "packed LSTM"}
