"""The engines and their rules, compiled once; every resource meets each of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from propolis import compliance
from propolis.app.lookups import InventoryLookups
from propolis.app.policy_files import load_policies
from propolis.app.progress import EVERY, Progress, silent
from propolis.compliance.engine import config_audit, rbac
from propolis.compliance.model.rbac import service_account
from propolis.core.assessment import Problem
from propolis.core.evaluation import Answer, Evaluation, LookupKey, Lookups, complete
from propolis.core.finding import Finding
from propolis.core.inventory import Inventory
from propolis.core.resource import Resource, ResourceRef
from propolis.core.workload import pod_spec
from propolis.network.engine import coverage
from propolis.network.engine.coverage_rules import coverage_rules
from propolis.network.engine.exposure import exposure
from propolis.network.model.exposure import Exposure
from propolis.policy.engine import PolicySet, PolicySubject, compile_policies
from propolis.policy.engine import evaluate as evaluate_policies
from propolis.policy.sources import pack


class Engines:
    """All engines of the main job.

    Attributes:
        problems: Policies that could not be used.
    """

    def __init__(self, policies: PolicySet, problems: Sequence[Problem] = ()) -> None:
        self.problems = tuple(problems)
        self._policies = policies
        self._checks = compliance.checks()
        self._rbac = compliance.rbac_rules()
        self._coverage = coverage_rules()

    @classmethod
    def load(cls, paths: Sequence[str] = (), *, builtin: Sequence[str] = (pack.DEFAULT,)) -> "Engines":
        """Engines with chosen policies of the pack and those of files.

        Raises:
            DocumentError: A path or a choice of the pack is not there, or holds no policy at all.
        """
        choices, files = pack.split(paths)
        policies, problems = load_policies(files)
        return cls(compile_policies((*pack.chosen((*builtin, *choices)), *policies)), problems)

    def evaluate(self, inventory: Inventory, now: datetime, progress: Progress = silent) -> Iterator[Finding]:
        """All findings: resource by resource, then those that need the whole inventory."""
        answers: dict[LookupKey, Answer] = {}
        fetch = InventoryLookups(inventory).fetch
        for done, resource in enumerate(inventory):
            yield from complete(self._on(resource, now), answers, fetch).findings
            if done % EVERY == 0:
                progress("Evaluating", done, len(inventory))
        for judge in self._on_whole(inventory, now):
            yield from complete(judge, answers, fetch).findings
        progress("Evaluating", len(inventory), len(inventory))

    def _on(self, resource: Resource, now: datetime) -> Callable[[Lookups], Evaluation]:
        """Judges one resource by policies and checks."""

        def judge(lookups: Lookups) -> Evaluation:
            by_policy = evaluate_policies(
                self._policies, PolicySubject(resource, is_background=True), lookups, now
            )
            by_check = config_audit.evaluate(self._checks, resource, lookups, now)
            return Evaluation(by_policy.findings + by_check.findings)

        return judge

    def _on_whole(self, inventory: Inventory, now: datetime) -> Sequence[Callable[[Lookups], Evaluation]]:
        return (
            lambda lookups: rbac.evaluate(self._rbac, inventory, lookups, now),
            lambda lookups: coverage.evaluate(self._coverage, inventory, lookups, now),
        )

    def reach(self, inventory: Inventory) -> "Reach":
        """Who can reach the workloads of an inventory, and what they can reach."""
        return Reach(inventory, exposure(inventory), compliance.Access(inventory, self._rbac))


class Reach:
    """Answers for the factors of scores."""

    def __init__(
        self, inventory: Inventory, exposures: Mapping[str, Exposure], access: compliance.Access
    ) -> None:
        self._inventory = inventory
        self._exposures = exposures
        self._access = access
        self._powers = {one.id: one.grant.power for one in access.rules.grants}
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}

    def exposure(self, ref: ResourceRef) -> Exposure | None:
        """How a workload can be reached."""
        return self._exposures.get(ref.key)

    def grants(self, ref: ResourceRef) -> tuple[str, ...]:
        """What the service account of a workload may do that is risky, in words."""
        resource = self._inventory.find(ref)
        spec = pod_spec(resource.document) if resource else None
        if spec is None:
            return ()
        name = spec.get("serviceAccountName") or "default"
        key = (ref.namespace, name if isinstance(name, str) else "default")
        if key not in self._known:
            risky = self._access.risky(service_account(*key))
            self._known[key] = tuple(self._powers[grant] for grant in risky)
        return self._known[key]
