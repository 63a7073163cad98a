"""The composition root: config, pipeline, command line. The only room that knows all others."""
