"""The encoder as a PyTorch module: BERT layers with a pooled exit after some of them.

The layers are those of BERT (Devlin et al. 2019) as all-MiniLM-L6-v2 uses them: learned positions, normalization after
each sub-block, exact GELU. An exit is the mean over tokens, an optional linear head of its own, and normalization to
unit length (ModularStarEncoder, "One Model to Train them All"). Exit 0 is static: a mean of the token vectors
themselves, each token weighted by how much it says, without a position and without attention.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from fathom_indexer.encoder.config import EncoderConfig


class Layer(nn.Module):
    """One transformer layer: self-attention over all tokens, then two linear maps with GELU between."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.hidden, 3 * config.hidden)
        self.attention_output = nn.Linear(config.hidden, config.hidden)
        self.attention_norm = nn.LayerNorm(config.hidden, config.layer_norm_eps)
        self.up = nn.Linear(config.hidden, config.intermediate)
        self.down = nn.Linear(config.intermediate, config.hidden)
        self.output_norm = nn.LayerNorm(config.hidden, config.layer_norm_eps)

    def forward(self, state: Tensor, visible: Tensor) -> Tensor:
        """`state` [batch, tokens, hidden]; `visible` [batch, 1, 1, tokens], true where a token may be attended to."""
        batch, tokens, hidden = state.shape
        parts = self.qkv(state).view(batch, tokens, 3, self.heads, hidden // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = _attend(query, key, value, visible)
        mixed = mixed.transpose(1, 2).reshape(batch, tokens, hidden)
        state = self.attention_norm(state + self.attention_output(mixed))
        norm: Tensor = self.output_norm(state + self.down(functional.gelu(self.up(state))))
        return norm


def _attend(query: Tensor, key: Tensor, value: Tensor, visible: Tensor) -> Tensor:
    """Attention of every token to every visible one; all but `visible` [batch, heads, tokens, features]."""
    if torch.is_grad_enabled() and query.device.type == "cpu":
        # PyTorch 2.13's fused attention takes half of a whole training step on the CPU, going backwards: 64 x 96
        # tokens at 16 bits take 15 ms forwards and 201 ms back, these products 26 and 40.
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
        mixed: Tensor = scores.masked_fill(~visible, float("-inf")).softmax(-1) @ value
        return mixed
    # The mask is always given and `is_causal` never.
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=visible)


class MultiExitEncoder(nn.Module):
    """Embeddings, a stack of layers, and an exit after each layer that the configuration names."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.vocabulary, config.hidden)
        self.positions = nn.Embedding(config.max_tokens, config.hidden)
        self.embedding_norm = nn.LayerNorm(config.hidden, config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.heads = nn.ModuleDict(
            {str(exit_.layer): nn.Linear(config.hidden, config.hidden) for exit_ in config.exits if exit_.head}
        )
        self.scores = nn.ModuleDict(
            {
                str(exit_.layer): nn.Linear(config.hidden, 1, bias=False)
                for exit_ in config.exits
                if exit_.layer > 0 and exit_.pooling == "scored"
            }
        )
        if any(exit_.layer == 0 for exit_ in config.exits):
            # Logarithms of weights: positive whatever training does, and a softmax makes them sum to one.
            self.token_logits = nn.Parameter(torch.zeros(config.vocabulary))

    def forward(self, ids: Tensor, mask: Tensor, exits: Sequence[int]) -> dict[int, Tensor]:
        """Unit vectors [batch, hidden] of each wanted exit; `ids` and `mask` are [batch, tokens] integers."""
        vectors: dict[int, Tensor] = {}
        for number, pooled in self.pooled(ids, mask, exits).items():
            head = self.heads[str(number)](pooled) if str(number) in self.heads else pooled
            vectors[number] = functional.normalize(head.float(), dim=-1)
        return vectors

    def pooled(self, ids: Tensor, mask: Tensor, exits: Sequence[int]) -> dict[int, Tensor]:
        """What reaches the heads: for each wanted exit a weighted mean over tokens, [batch, hidden]."""
        return {
            number: (state.float() * self._shares(number, state, ids, mask).unsqueeze(-1)).sum(1)
            for number, state in self.states(ids, mask, exits).items()
        }

    def states(self, ids: Tensor, mask: Tensor, exits: Sequence[int]) -> dict[int, Tensor]:
        """What the layers make of every token, [batch, tokens, hidden], at each wanted exit."""
        states: dict[int, Tensor] = {}
        state = self.tokens(ids)
        if 0 in exits:
            states[0] = state
        if max(exits) > 0:
            state = self.embedding_norm(state + self.positions.weight[: ids.shape[1]])
        visible = mask.bool()[:, None, None, :]
        for number, layer in enumerate(self.layers[: max(exits)], start=1):
            state = layer(state, visible)
            if number in exits:
                states[number] = state
        return states

    def _shares(self, number: int, state: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """How much each token counts at an exit, [batch, tokens]; they sum to one."""
        if number == 0:
            scores = self.token_logits[ids]
        elif str(number) in self.scores:
            scores = self.scores[str(number)](state).squeeze(-1).float()
        else:
            return mask / mask.sum(-1, keepdim=True)
        return scores.masked_fill(mask == 0, float("-inf")).softmax(-1)


class JointScorer(nn.Module):
    """Reads a query and a function together and says how well the function answers.

    A stack of layers as the encoder's, over the encoder's token vectors: attention goes from the query's tokens to the
    function's and back (a cross-encoder, Nogueira and Cho 2019). The score is a linear map of the mean state.
    """

    def __init__(self, config: EncoderConfig, max_tokens: int) -> None:
        super().__init__()
        self.positions = nn.Embedding(max_tokens, config.hidden)
        self.embedding_norm = nn.LayerNorm(config.hidden, config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.transform = nn.Linear(config.hidden, config.hidden)
        self.score = nn.Linear(config.hidden, 1)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Scores [batch] from token vectors [batch, tokens, hidden]; `mask` is [batch, tokens] integers."""
        state = self.embedding_norm(tokens + self.positions.weight[: tokens.shape[1]])
        visible = mask.bool()[:, None, None, :]
        for layer in self.layers:
            state = layer(state, visible)
        shares = (mask / mask.sum(-1, keepdim=True)).unsqueeze(-1)
        mean = (state.float() * shares).sum(1)
        scores: Tensor = self.score(torch.tanh(self.transform(mean))).squeeze(-1)
        return scores.float()
