"""The multi-exit encoder: texts in, unit vectors out, at whichever depth is asked for."""

from fathom_indexer.encoder.config import EncoderConfig, Exit
from fathom_indexer.encoder.encoder import Encoder, TextKind, load_encoder
from fathom_indexer.encoder.text import code_text, query_text, text_key, window_texts

__all__ = [
    "Encoder",
    "EncoderConfig",
    "Exit",
    "TextKind",
    "code_text",
    "load_encoder",
    "query_text",
    "text_key",
    "window_texts",
]
