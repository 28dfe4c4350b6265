"""The plans of a repository: `plans/<id>.md` on the branch `linestop/plans`, written by git's plumbing.

No worktree is needed and no file of any checkout is touched; the branch moves by compare-and-swap. What a plan file
says is linestop/audit/plan_files.py.
"""

import re
from collections.abc import Container, Mapping, Sequence

from linestop.audit.plan_files import MAX_CHARS, parse_plan, render_plan
from linestop.audit.validation import problems_among, require_valid
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.errors import InfraError, PlanError, RepositoryError
from linestop.findings import Finding
from linestop.locks import locked
from linestop.plans import Plan

PLANS_BRANCH = "linestop/plans"
FOLDER = "plans"
_REF = f"refs/heads/{PLANS_BRANCH}"
_NAME = re.compile(r"plans/[a-z0-9][a-z0-9-]{0,60}\.md")
_OURS = re.compile(r"^(chunks|fingerprints):", re.MULTILINE)  # other markdown may lie in a folder called plans


class PlanBranch:
    """Reads plans from the branch and the base, writes them to the branch only."""

    def __init__(self, workspaces: GitWorkspaces, *, base: str | None = None) -> None:
        self._workspaces = workspaces
        self._base = base

    def plans(self) -> tuple[Plan, ...]:
        """Return every plan, those of the branch before the base's of the same name, sorted by id.

        Raises:
            PlanError: a plan file can't be read or breaks a rule; names the file.
        """
        texts = dict[str, tuple[str, str]]()
        for ref in (self._base_ref(), _REF):
            texts |= self._texts(ref) if ref else {}
        plans = tuple(_read(path, *texts[path]) for path in sorted(texts))
        problems = problems_among(plans)
        if problems:
            raise PlanError(
                "the plans contradict one another",
                found="; ".join(problems),
                todo=f"edit them on the branch {PLANS_BRANCH}",
            )
        return plans

    def write(
        self, plans: Sequence[Plan], *, message: str, findings: Mapping[str, Sequence[Finding]] | None = None,
        known: Container[str] = (),
    ) -> str:  # fmt: skip
        """Commit plans on the branch, cut from the base where it is new; return the commit the branch is at then.

        A plan whose id, or whose findings altogether, another plan has by now is left out: two audits at a time
        plan nothing twice. `known` are ids of plans the audit has weighed: one of them may be Done and merged while a
        finding of it is back. `findings`, by plan id, are listed in the body.

        Raises:
            PlanError: a plan breaks a rule of the validator.
            RepositoryError: the branch is checked out somewhere, or `plans` is no folder there.
            InfraError: another process moved the branch meanwhile; may be retried.
        """
        for plan in plans:
            require_valid(plan)
        with locked(self._workspaces.layout.ensure().state / "plans.lock"):
            tip = self._tip()
            there = self.plans()
            covered = {one for plan in there if plan.id not in known for one in plan.fingerprints}
            ids = {plan.id for plan in there}
            new = [
                plan
                for plan in plans
                if plan.id not in ids and not (plan.fingerprints and covered >= set(plan.fingerprints))
            ]
            start = tip or self._workspaces.head(self._base_ref() or "HEAD")
            if not new:
                return start
            self._refuse_when_checked_out()
            files = {f"{plan.id}.md": render_plan(plan, (findings or {}).get(plan.id, ())) for plan in new}
            commit = self._commit(start, files, message)
            self._move(commit, tip)
            return commit

    def _base_ref(self) -> str | None:
        try:
            branch = self._workspaces.base_branch(self._base)
            return (
                branch if self._workspaces.git.ok("rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}") else None
            )
        except RepositoryError:  # a detached HEAD: what is checked out stands for the base
            return "HEAD"

    def _tip(self) -> str | None:
        git = self._workspaces.git
        if not git.ok("rev-parse", "--verify", "--quiet", f"{_REF}^{{commit}}"):
            return None
        return git.run("rev-parse", f"{_REF}^{{commit}}").strip()

    def _texts(self, ref: str) -> dict[str, tuple[str, str]]:
        """Return path -> (ref, text) of what looks like a plan at a ref."""
        git = self._workspaces.git
        if not git.ok("rev-parse", "--verify", "--quiet", f"{ref}:{FOLDER}"):
            return {}
        entries = git.run("ls-tree", "-z", ref, f"{FOLDER}/").split("\0")
        found = dict[str, tuple[str, str]]()
        for entry in filter(None, entries):
            kind, _, path = entry.partition("\t")
            if not kind.startswith("100") or not _NAME.fullmatch(path):
                continue  # a link or a folder is no plan
            size = int(git.run("cat-file", "-s", kind.split()[2]))
            text = (
                git.read("cat-file", "blob", kind.split()[2]).decode("utf-8", "replace")
                if size <= 4 * MAX_CHARS
                else ""
            )
            if _OURS.search(text) and text.lstrip("\ufeff").startswith("---"):
                found[path] = (ref, text)
        return found

    def _commit(self, start: str, files: Mapping[str, str], message: str) -> str:
        git = self._workspaces.git
        blobs = {
            name: git.run("hash-object", "-w", "--no-filters", "--stdin", stdin=text.encode("utf-8")).strip()
            for name, text in files.items()
        }
        root = self._entries(start)
        folder = root.get(FOLDER)
        if folder is not None and not folder.startswith("040000"):
            raise RepositoryError(
                f"{FOLDER} is no folder on {PLANS_BRANCH}",
                found=folder,
                todo=f"rename that file: linestop keeps its plans in {FOLDER}/",
            )
        inside = self._entries(f"{start}:{FOLDER}") if folder else {}
        inside |= {name: f"100644 blob {blob}" for name, blob in blobs.items()}
        root[FOLDER] = f"040000 tree {self._tree(inside)}"
        text = message.encode("utf-8", "replace")
        return git.run("commit-tree", self._tree(root), "-p", start, "-F", "-", stdin=text).strip()

    def _entries(self, tree: str) -> dict[str, str]:
        out = self._workspaces.git.run("ls-tree", "-z", "--full-tree", tree)
        pairs = (entry.partition("\t") for entry in out.split("\0") if entry)
        return {name: kind for kind, _, name in pairs}

    def _tree(self, entries: Mapping[str, str]) -> str:
        lines = "".join(f"{kind}\t{name}\0" for name, kind in entries.items())
        return self._workspaces.git.run(
            "mktree", "-z", "--missing", stdin=lines.encode("utf-8", "surrogateescape")
        ).strip()

    def _move(self, commit: str, tip: str | None) -> None:
        git = self._workspaces.git
        if not git.ok("update-ref", "-m", "linestop: plans", _REF, commit, tip or "0" * len(commit)):
            raise InfraError(
                f"{PLANS_BRANCH} was moved by somebody else",
                found=f"it is no longer at {tip}",
                todo="run the audit again",
            )

    def _refuse_when_checked_out(self) -> None:
        place = ""
        for line in self._workspaces.git.run("worktree", "list", "--porcelain").splitlines():
            if line.startswith("worktree "):
                place = line.removeprefix("worktree ")
            elif line == f"branch {_REF}":
                raise RepositoryError(
                    f"{PLANS_BRANCH} is checked out",
                    found=place,
                    todo="commit what you edited there and switch to another branch, then audit again",
                )


def _read(path: str, ref: str, text: str) -> Plan:
    try:
        plan = require_valid(parse_plan(text))
    except PlanError as error:
        raise PlanError(f"{path} on {ref}: {error.what}", found=error.found, todo=error.todo) from error
    if plan.id != path.removeprefix("plans/").removesuffix(".md"):
        raise PlanError(
            f"{path} on {ref} is called otherwise inside", found=f"id: {plan.id}", todo="let id and file agree"
        )
    return plan
