"""The wiki of a repository, made from its code without a model. Pure: bytes in, texts out; git is blocks/'s business.

`build` makes the pages, `lint` says what is wrong with them, `mended` puts right what has one right answer.
"""

from linestop.wiki.build import Wiki, build
from linestop.wiki.lint import lint
from linestop.wiki.mend import may_mend, mended
from linestop.wiki.order import BRANCH, DocumentOrder, DocumentReport
from linestop.wiki.problems import Problem, ProblemKind
from linestop.wiki.source import Commit, Delivery, Source, SourceFile

__all__ = [
    "BRANCH", "Commit", "Delivery", "DocumentOrder", "DocumentReport", "Problem", "ProblemKind", "Source", "SourceFile",
    "Wiki", "build", "lint", "may_mend", "mended",
]  # fmt: skip
