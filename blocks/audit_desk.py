"""What an audit works with: one repository's policy, base, sources and plans. The steps are tasks/auditor.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from linestop.audit.history import AuditValues, definition, last_like
from linestop.audit.order import AuditOrder
from linestop.audit.planning import Drafts, Ground, draft_plans
from linestop.audit.sorting import Sorted, sort_out
from linestop.audit.standing import Standing, standing
from linestop.blocks.git_history import GitHistory
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.plan_branch import PLANS_BRANCH, PlanBranch
from linestop.blocks.run_checkouts import run_checkout
from linestop.blocks.scanners import scanners_for
from linestop.checks import is_test_path
from linestop.errors import RepositoryError
from linestop.findings import Finding
from linestop.paths import Layout, repository_root
from linestop.plans import Plan
from linestop.policy import load_policy
from linestop.tracker import SqliteTracker


class AuditDesk:
    """One audit's view of a repository. The base is read once, so that a commit in between changes nothing.

    Raises:
        RepositoryError: no repository, a bare or an empty one, or a base that is linestop's own branch.
        PolicyError: the policy can't be used.
    """

    def __init__(self, order: AuditOrder) -> None:
        self.layout = Layout(repository_root(Path(order.repository)))
        self.policy = load_policy(self.layout)
        self.workspaces = GitWorkspaces(self.layout.root)
        self.base_branch = self.workspaces.base_branch(self.policy.execution.base)
        if self.base_branch.startswith("linestop/"):
            raise RepositoryError(
                f"the base branch can't be {self.base_branch}",
                found="a branch that linestop writes to",
                todo="check out your own branch, or set execution.base in .linestop/config.toml",
            )
        self.base = self.workspaces.head(self.base_branch)
        self.sources = scanners_for(self.policy)
        self.branch = PlanBranch(self.workspaces, base=self.base_branch)
        self.definition = definition(self.policy.audit)
        self.max_plans = min(order.max_plans or self.policy.audit.max_plans, self.policy.audit.max_plans)
        self._again = order.again

    @contextmanager
    def checkout(self, run_id: str) -> Iterator[Path]:
        """Yield a clean checkout of the base that only the sources read; remove it, and what killed audits left."""
        with run_checkout(self.workspaces, run_id, "audit", self.base) as checkout:
            yield checkout

    def standing(self) -> Standing:
        """Return what earlier audits left standing."""
        tickets = SqliteTracker(self.layout.tracker).list()
        return standing(self.branch.plans(), tickets, merged=lambda commit: self.workspaces.contains(self.base, commit))

    def last_like_this(self, stands: Standing) -> tuple[str, AuditValues] | None:
        """Return an earlier audit that this one would repeat; none when asked to audit again or a plan is gone."""
        last = None if self._again else last_like(self.layout.runs, base=self.base, definition=self.definition)
        return last if last and set(last[1].plans) <= stands.ids else None

    def sort_out(self, findings: tuple[Finding, ...], checkout: Path) -> Sorted:
        """Return the findings that count under the policy."""
        audit, tests = self.policy.audit, self.policy.checks.tests
        return sort_out(
            findings, root=checkout, ignore=audit.ignore, exclude=audit.exclude,
            is_test=lambda path: is_test_path(path, tests),
        )  # fmt: skip

    def draft(self, findings: tuple[Finding, ...], reported: tuple[Finding, ...], stands: Standing) -> Drafts:
        """Return new plans for what no plan covers."""
        ground = Ground(
            base=self.base,
            day=datetime.now(UTC).date(),
            standing=stands,
            reported=reported,
            gate_unfixable=self.policy.audit.gate_unfixable,
        )
        return draft_plans(findings, ground, max_plans=self.max_plans)

    def write(self, drafts: Drafts, stands: Standing) -> tuple[tuple[Plan, ...], str]:
        """Commit the drafts on the plans' branch; return those that are there now as drafted, and the commit's diff."""
        plans = [draft.plan for draft in drafts.drafts]
        if not plans:
            return (), ""
        titles = "\n".join(f"- {plan.id}: {plan.title}" for plan in plans)
        message = f"plans: {len(plans)} from the audit of {self.base[:12]}\n\n{titles}\n"
        findings = {draft.plan.id: draft.findings for draft in drafts.drafts}
        commit = self.branch.write(plans, message=message, findings=findings, known=stands.ids)
        there = {plan.id: plan.fingerprints for plan in self.branch.plans()}
        diff = GitHistory(self.workspaces).patch(f"{commit}^", commit)
        return tuple(plan for plan in plans if there.get(plan.id) == plan.fingerprints), diff

    @property
    def plans_branch(self) -> str:
        """Return the branch that holds the plans."""
        return PLANS_BRANCH
