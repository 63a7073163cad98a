"""One file a source; the file's name is the source's ``type`` in config.yaml."""
