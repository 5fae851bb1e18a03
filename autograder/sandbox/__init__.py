"""A submitted notebook is a stranger's program: here its kernel is locked in, limited and watched."""
