"""The running thing: store, jobs, command line. It composes `connectors` and `rules` and decides nothing itself."""
