"""Every door to the outside world: one door, one module, and all of them speak `rules.facts`."""
