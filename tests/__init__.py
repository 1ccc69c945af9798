"""The tests; shared parts are in conftest."""
