"""Everything about one athlete, to take along: tables for programs and a page for a physio."""
