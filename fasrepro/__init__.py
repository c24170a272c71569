"""A reproducible companion to two papers on face anti-spoofing with vision-language models."""

__version__ = "0.2.0.dev0"
