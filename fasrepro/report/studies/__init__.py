"""What single notebooks show besides the tables and figures that every study has; each module is named after its notebook."""
