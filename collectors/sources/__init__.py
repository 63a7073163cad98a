"""One module a source type; the module's name is the `type` in config.yaml."""
