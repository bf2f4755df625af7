from datetime import UTC, datetime

import pytest

from propolis import compliance
from propolis.compliance.model.grant import GrantEvidence
from propolis.compliance.model.rbac import Identity, service_account
from propolis.core.finding import Finding, Outcome
from propolis.core.inventory import Inventory
from propolis.core.resource import Document, ResourceRef
from tests.unit.compliance.manifests import resource

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUP = "rbac.authorization.k8s.io"
CART, JANE = service_account("shop", "cart"), Identity("User", "jane")
SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
NODES_PROXY = {"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["create"]}


def role(name: str, *rules: Document, namespace: str = "", **fields: Document) -> Document:
    kind, metadata = ("Role", {"namespace": namespace}) if namespace else ("ClusterRole", {})
    metadata |= {"name": name} | fields.pop("metadata", {})
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "rules": list(rules)} | fields


def bind(
    role_name: str, *identities: Identity, namespace: str = "", kind: str = "ClusterRole", name: str = "bound"
) -> Document:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": name} | ({"namespace": namespace} if namespace else {}),
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": role_name},
        "subjects": [
            {"kind": one.kind, "name": one.name} | ({"namespace": one.namespace} if one.namespace else {})
            for one in identities
        ],
    }


def inventory(*documents: Document) -> Inventory:
    return Inventory(resource(document) for document in documents)


def assess(*documents: Document) -> tuple[Finding, ...]:
    return compliance.rbac.evaluate(compliance.rbac_rules(), inventory(*documents), {}, NOW).findings


def opened(*documents: Document) -> dict[tuple[str, str], Outcome]:
    return {(str(one.resource), one.rule.name): one.outcome for one in assess(*documents) if one.is_open}


def found(name: str, *documents: Document) -> Finding:
    (finding,) = [one for one in assess(*documents) if one.rule.name == name and one.is_open]
    return finding


def test_a_role_that_reads_pods_passes_every_rule() -> None:
    harmless = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    documents = [role("reader", harmless), bind("reader", CART)]
    assert opened(*documents) == {}
    outcomes = {one.outcome for one in assess(*documents)}
    assert outcomes == {Outcome.PASS}


def test_a_risky_role_is_a_failure_that_names_holder_binding_rule_and_advice() -> None:
    finding = found("list-secrets", role("reader", SECRETS), bind("reader", CART))
    assert str(finding.resource) == "ClusterRole/reader"
    assert finding.outcome is Outcome.FAIL
    assert finding.message == (
        "lets ServiceAccount shop/cart read every Secret of the cluster (in the whole cluster, by"
        " ClusterRoleBinding/bound): rules[0] grants get, list on secrets."
        " Grant it in single namespaces, or name the Secrets in resourceNames."
    )
    assert finding.evidence == GrantEvidence(
        identities=("ServiceAccount shop/cart",),
        bindings=("ClusterRoleBinding/bound",),
        roles=("ClusterRole/reader",),
        permissions=("rules[0] grants get, list on secrets",),
        scopes=("cluster",),
    )


def test_whoever_may_do_everything_is_said_to_do_that_alone() -> None:
    documents = inventory(role("all", EVERYTHING), bind("all", CART))
    assert compliance.permissions_of(documents).risky(CART) == ("everything",)


def test_a_role_that_nothing_binds_is_a_warning() -> None:
    finding = found("list-secrets", role("reader", SECRETS))
    assert finding.outcome is Outcome.WARN
    assert "nothing binds it yet" in finding.message


def test_the_same_role_bound_in_a_namespace_is_less_risky() -> None:
    names = {name for _, name in opened(role("reader", SECRETS), bind("reader", CART, namespace="shop"))}
    assert names == {"read-secrets", "obtain-token"}


def test_kube_system_is_a_privileged_namespace() -> None:
    names = {
        name for _, name in opened(role("reader", SECRETS), bind("reader", CART, namespace="kube-system"))
    }
    assert names == {"retrieve-token-secrets"}


def test_privileged_namespaces_can_be_chosen() -> None:
    rules = compliance.rbac_rules(["vault"])
    documents = inventory(role("reader", SECRETS), bind("reader", CART, namespace="vault"))
    assert compliance.permissions_of(documents, rules).risky(CART) == ("retrieve-token-secrets",)


def test_names_of_objects_narrow_a_role() -> None:
    named = SECRETS | {"verbs": ["get"], "resourceNames": ["cart-tls"]}
    assert opened(role("reader", named), bind("reader", CART)) == {}


def test_permissions_outside_of_namespaces_need_a_cluster_role_binding() -> None:
    finding = found("nodes-proxy", role("proxy", NODES_PROXY), bind("proxy", CART, namespace="shop"))
    assert finding.outcome is Outcome.WARN
    assert "if a ClusterRoleBinding named it" in finding.message
    assert found("nodes-proxy", role("proxy", NODES_PROXY), bind("proxy", CART)).outcome is Outcome.FAIL


def test_a_role_that_grants_everything_says_so_once() -> None:
    documents = [role("all", EVERYTHING), bind("all", CART)]
    assert {name for _, name in opened(*documents)} == {"everything", "wildcards-in-role"}
    skipped = [one for one in assess(*documents) if one.outcome is Outcome.SKIP]
    assert {one.message for one in skipped} == {"part of everything, which the role grants"}


def test_everything_in_a_namespace_is_another_grant() -> None:
    names = {name for _, name in opened(role("all", EVERYTHING), bind("all", CART, namespace="shop"))}
    assert names == {"everything-in-namespace", "impersonate", "wildcards-in-role"}


def test_everything_in_a_privileged_namespace_is_worse_in_its_parts() -> None:
    outcomes = opened(role("all", EVERYTHING), bind("all", CART, namespace="kube-system"))
    names = {name for _, name in outcomes}
    assert {"everything-in-namespace", "retrieve-token-secrets", "token-request"} <= names
    assert not {"pods-attach", "change-workloads"} & names


CSR = {
    "apiGroups": ["certificates.k8s.io"],
    "resources": ["certificatesigningrequests", "certificatesigningrequests/approval"],
    "verbs": ["create", "get", "update"],
}
SIGNERS = {"apiGroups": ["certificates.k8s.io"], "resources": ["signers"], "verbs": ["approve"]}
TOGETHER = [
    role("requests", CSR),
    role("approves", SIGNERS),
    bind("requests", CART, name="one"),
    bind("approves", CART, name="two"),
]
ACCOUNT: Document = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "cart", "namespace": "shop"},
}


def test_roles_that_are_risky_only_together_are_found_on_the_account() -> None:
    finding = found("approve-csrs", *TOGETHER, ACCOUNT)
    assert str(finding.resource) == "shop/ServiceAccount/cart"
    assert finding.subject == "together: ServiceAccount shop/cart"
    assert (
        "no single role says so, but ClusterRole/requests and ClusterRole/approves do together"
        in finding.message
    )
    assert isinstance(finding.evidence, GrantEvidence)
    assert finding.evidence.bindings == ("ClusterRoleBinding/one", "ClusterRoleBinding/two")


def test_without_the_account_they_are_found_on_the_first_binding() -> None:
    assert str(found("approve-csrs", *TOGETHER).resource) == "ClusterRoleBinding/one"


def test_roles_of_two_identities_do_not_add_up() -> None:
    apart = [*TOGETHER[:2], bind("requests", CART, name="one"), bind("approves", JANE, name="two")]
    assert not [one for one in assess(*apart) if one.rule.name == "approve-csrs" and one.is_open]


def test_groups_of_service_accounts_count_for_each_of_them() -> None:
    group = Identity("Group", "system:serviceaccounts:shop")
    documents = inventory(role("reader", SECRETS), bind("reader", group))
    access = compliance.permissions_of(documents)
    assert "list-secrets" in access.risky(CART)
    assert access.risky(service_account("other", "cart")) == ()


class TestAggregation:
    AGGREGATE = role(
        "operator",
        aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"for": "operator"}}]},
    )
    PART = role("part", SECRETS, metadata={"labels": {"for": "operator"}})

    def test_an_aggregated_role_holds_the_rules_of_its_parts(self) -> None:
        outcomes = opened(self.AGGREGATE, self.PART, bind("operator", CART))
        assert outcomes["ClusterRole/operator", "list-secrets"] is Outcome.FAIL
        assert outcomes["ClusterRole/part", "list-secrets"] is Outcome.WARN

    def test_a_rule_is_named_with_the_role_in_which_it_stands(self) -> None:
        findings = assess(self.AGGREGATE, self.PART, bind("operator", CART))
        (finding,) = [
            one for one in findings if one.rule.name == "list-secrets" and one.resource.name == "operator"
        ]
        assert "rules[0] of ClusterRole part grants get, list on secrets" in finding.message

    def test_aggregation_goes_through_aggregated_roles_and_ends(self) -> None:
        middle = role(
            "middle",
            metadata={"labels": {"for": "operator"}},
            aggregationRule={
                "clusterRoleSelectors": [{"matchLabels": {"for": key}} for key in ("middle", "operator")]
            },
        )
        part = role("part", SECRETS, metadata={"labels": {"for": "middle"}})
        access = compliance.permissions_of(inventory(self.AGGREGATE, middle, part, bind("operator", CART)))
        assert "list-secrets" in access.risky(CART)

    def test_a_label_extends_a_role_of_the_cluster(self) -> None:
        label = {"labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}
        documents = inventory(role("more", SECRETS, metadata=label), bind("view", CART))
        assert "list-secrets" in compliance.permissions_of(documents).risky(CART)


class TestRolesOfTheCluster:
    def test_cluster_admin_is_known_without_its_document(self) -> None:
        finding = found("cluster-admin-bound", bind("cluster-admin", JANE))
        assert str(finding.resource) == "ClusterRoleBinding/bound"
        assert finding.message.startswith(
            "lets User jane do everything, in the whole cluster, by ClusterRole cluster-admin."
        )

    def test_its_own_binding_is_not_reported(self) -> None:
        masters = bind("cluster-admin", Identity("Group", "system:masters"), name="cluster-admin")
        assert assess(masters) == ()

    def test_somebody_added_to_its_own_binding_is(self) -> None:
        masters = bind("cluster-admin", Identity("Group", "system:masters"), JANE, name="cluster-admin")
        assert {name for _, name in opened(masters)} == {"cluster-admin-bound"}

    def test_masters_in_another_binding_is_reported(self) -> None:
        other = bind("view", Identity("Group", "system:masters"))
        assert ("ClusterRoleBinding/bound", "masters-bound") in opened(other)

    def test_edit_in_a_namespace_is_reported_on_the_binding(self) -> None:
        outcomes = opened(bind("edit", JANE, namespace="shop"))
        assert outcomes == {("shop/RoleBinding/bound", "built-in-role-bound"): Outcome.FAIL}

    def test_view_is_harmless(self) -> None:
        assert opened(bind("view", JANE, namespace="shop")) == {}

    def test_a_cluster_admin_that_was_emptied_is_still_dangerous(self) -> None:
        assert {name for _, name in opened(role("cluster-admin"), bind("cluster-admin", JANE))} == {
            "cluster-admin-bound"
        }

    def test_controllers_of_the_cluster_are_not_reported(self) -> None:
        controller = service_account("kube-system", "pod-garbage-collector")
        documents = [
            role("system:controller:pod-garbage-collector", EVERYTHING),
            bind(
                "system:controller:pod-garbage-collector",
                controller,
                name="system:controller:pod-garbage-collector",
            ),
        ]
        assert assess(*documents) == ()


class TestBindings:
    READER = role("reader", {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]})

    @pytest.mark.parametrize(
        ("identity", "rule"),
        [
            (Identity("User", "system:anonymous"), "anonymous-access"),
            (Identity("Group", "system:unauthenticated"), "anonymous-access"),
            (Identity("Group", "system:authenticated"), "everybody-bound"),
            (Identity("Group", "system:serviceaccounts"), "everybody-bound"),
        ],
    )
    def test_everybody_is_a_failure_with_a_risky_role_and_a_warning_without(
        self, identity: Identity, rule: str
    ) -> None:
        assert opened(self.READER, bind("reader", identity)) == {
            ("ClusterRoleBinding/bound", rule): Outcome.WARN
        }
        risky = opened(role("reader", SECRETS), bind("reader", identity))
        assert risky["ClusterRoleBinding/bound", rule] is Outcome.FAIL

    def test_a_default_account_with_a_role_is_reported(self) -> None:
        finding = found(
            "default-account-bound", self.READER, bind("reader", service_account("shop", "default"))
        )
        assert "shop/default, which pods get that name no other" in finding.message

    def test_a_binding_to_a_role_that_is_not_there_is_reported(self) -> None:
        finding = found("role-exists", bind("gone", CART, namespace="shop", kind="Role"))
        assert finding.message.startswith("names Role gone, which is not there")

    def test_a_role_binding_finds_the_role_of_its_namespace_alone(self) -> None:
        elsewhere = role("reader", SECRETS, namespace="other")
        found("role-exists", elsewhere, bind("reader", CART, namespace="shop", kind="Role"))

    def test_a_namespace_on_a_cluster_role_says_nothing(self) -> None:
        misplaced = role("reader", SECRETS, metadata={"namespace": "shop"})
        assert ("shop/ClusterRole/reader", "list-secrets") in opened(misplaced, bind("reader", CART))

    def test_documents_without_a_namespace_meet_in_the_default_one(self) -> None:
        nameless = role("reader", SECRETS, namespace="x")
        del nameless["metadata"]["namespace"]
        bound = bind("reader", CART, namespace="default", kind="Role")
        names = {name for _, name in opened(nameless, bound)}
        assert names == {"read-secrets", "obtain-token"}


class TestAccess:
    ACCESS = compliance.permissions_of(
        inventory(
            role("reader", SECRETS | {"verbs": ["get"], "resourceNames": ["tls"]}, namespace="shop"),
            bind("reader", CART, namespace="shop", kind="Role"),
            role("scaler", {"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["update"]}),
            bind("scaler", JANE, name="scaler"),
        )
    )

    @pytest.mark.parametrize(
        ("namespace", "name", "expected"),
        [("shop", "tls", True), ("shop", "db", False), ("other", "tls", False)],
    )
    def test_a_named_object_in_a_namespace(self, namespace: str, name: str, *, expected: bool) -> None:
        assert self.ACCESS.can(CART, "get", "secrets", namespace=namespace, name=name) is expected

    def test_a_rule_with_names_does_not_allow_a_list(self) -> None:
        assert not self.ACCESS.can(CART, "list", "secrets", namespace="shop")

    def test_a_subresource_of_everything(self) -> None:
        assert self.ACCESS.can(JANE, "update", "deployments/scale", group="apps", namespace="shop")
        assert not self.ACCESS.can(JANE, "update", "deployments", group="apps", namespace="shop")

    def test_who_can(self) -> None:
        assert self.ACCESS.who_can("get", "secrets", namespace="shop", name="tls") == (CART,)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (role("broken") | {"rules": "all"}, "rules is not a list of maps"),
        (role("broken", {"verbs": "get"}), "rules[0].verbs is not a list of texts"),
        (role("broken") | {"aggregationRule": []}, "aggregationRule is not a map"),
        (bind("x") | {"roleRef": {"kind": "User"}}, "roleRef names no role"),
        (bind("x") | {"roleRef": {"kind": "Role", "name": ""}}, "roleRef.name is missing"),
        (
            bind("x") | {"subjects": [{"kind": "Robot", "name": "r"}]},
            "subjects[0].kind: 'Robot' is not known",
        ),
        (bind("x") | {"subjects": [{"kind": "User"}]}, "subjects[0].name is missing"),
    ],
)
def test_a_document_of_wrong_shape_is_an_error_with_its_place(document: Document, problem: str) -> None:
    (finding,) = assess(document)
    assert finding.outcome is Outcome.ERROR
    assert finding.message.startswith(f"shop.yaml:3: {problem}")


def test_one_broken_role_leaves_the_others_judged() -> None:
    outcomes = opened(role("broken") | {"rules": 3}, role("reader", SECRETS), bind("reader", CART))
    assert outcomes["ClusterRole/broken", "rbac-readable"] is Outcome.ERROR
    assert outcomes["ClusterRole/reader", "list-secrets"] is Outcome.FAIL


def test_findings_name_the_resource_that_a_person_changes() -> None:
    refs = {one.resource for one in assess(role("reader", SECRETS), bind("reader", CART)) if one.is_open}
    assert refs == {ResourceRef(f"{GROUP}/v1", "ClusterRole", "reader")}
