"""A trained model outside the pipeline: a folder that stands alone, and its scores of anybody's pictures."""
