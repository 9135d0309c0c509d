"""The phone page: what a prompt's link opens, and where people would rather look than read."""
