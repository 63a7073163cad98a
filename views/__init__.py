"""Pages of the app, one file a page, and what they share. No SQL, no model, no network."""
