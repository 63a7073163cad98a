"""Charts and renderers: what pages and reports draw and write from the same figures."""
