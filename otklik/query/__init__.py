"""Brand queries: a small language, its tree, an exact matcher and search strings for sources."""
