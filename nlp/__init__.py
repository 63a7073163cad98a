"""Text in, :class:`nlp.analysis.Analysis` out. Importing the package loads no model."""
