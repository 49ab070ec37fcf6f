"""The local cloud: an emulated AWS, and a runner that does for the functions what AWS does, both from template.yaml."""
