"""The course kit: build notebooks from their source, check functions, grade submissions in a sandbox."""
