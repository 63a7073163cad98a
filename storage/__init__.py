"""Mentions, analyses and outcomes <-> SQL (SQLite by default, PostgreSQL by URL)."""
