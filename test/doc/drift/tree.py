"""The files that are compared, in memory: a self-test changes a copy."""

import pathlib

TEXTS = ("*.md", "NEWS", "Makefile.am", "demo", "doc/*.md", "examples/**/*",
         "man/*", "notices/*", "plugin/**/*.[ch]", "sql/**/*.sql")
LEFT_OUT = {".git", "__pycache__", "autom4te.cache"}


class Tree:
    def __init__(self, texts, names):
        # path, as in the sources, to text
        self.texts = texts
        # of all files and directories, read or not
        self.names = names

    @classmethod
    def read(cls, top):
        top = pathlib.Path(top)
        texts = {str(path.relative_to(top)): path.read_text(encoding="utf-8")
                 for pattern in TEXTS for path in sorted(top.glob(pattern))
                 if path.is_file() and not LEFT_OUT & set(path.parts)}
        names = {str(path.relative_to(top)) for path in top.rglob("*")
                 if not LEFT_OUT & set(path.parts)}
        return cls(texts, names)

    def changed(self, path, text):
        return Tree({**self.texts, path: text}, self.names)

    def matching(self, *prefixes, suffix=""):
        """Paths and texts of the files below the prefixes."""
        return {path: text for path, text in self.texts.items()
                if path.startswith(prefixes) and path.endswith(suffix)}
