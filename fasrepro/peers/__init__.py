"""Encoders and detectors that others trained, beside our own runs. None is part of the locked environment."""
