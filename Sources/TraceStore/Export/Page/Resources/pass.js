// pass
