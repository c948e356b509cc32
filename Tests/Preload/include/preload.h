// Nothing to call: see preload.c.
