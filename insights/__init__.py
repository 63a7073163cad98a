"""Pure functions over query results: shares with intervals, changes, trends, words for them."""
