"""The verbs: one file a verb group, each answering in one screen."""
