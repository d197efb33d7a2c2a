"""Text to token ids, cut at the encoder's limit."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer as FastTokenizer

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.errors import ModelError


class Tokenizer:
    """The encoder's own tokenizer, loaded from its JSON file."""

    def __init__(self, config: EncoderConfig, definition: bytes) -> None:
        try:
            self._tokenizer = FastTokenizer.from_str(definition.decode("utf-8"))
        except Exception as error:  # the library raises plain Exception
            raise ModelError(f"the tokenizer of {config.name} cannot be read: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(config.max_tokens)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, special tokens included, at most the configured number of them."""
        # Lone surrogates (from broken file names or editors) are no text to the tokenizer.
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch(clean)]
