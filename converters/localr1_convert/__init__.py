"""Hugging Face checkpoints to quantized GGUF, without torch."""
