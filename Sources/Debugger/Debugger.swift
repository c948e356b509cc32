// Floor placeholder, replaced by the first real file.
