"""The pages of a wiki, one module a folder of it. Each gives `Page`s; nothing here writes or reads a file."""
