"""Tables in files: opening, guessing what their columns mean, reading their rows."""
