import msgspec

from propolis.cluster.role_bindings import BoundRoles, RoleBinding


def binding(
    role: str, *subjects: dict[str, str], kind: str = "ClusterRole", namespace: str = ""
) -> RoleBinding:
    document = {
        "metadata": {"namespace": namespace},
        "roleRef": {"kind": kind, "name": role},
        "subjects": subjects,
    }
    return msgspec.convert(document, RoleBinding)


ANN = {"kind": "User", "name": "ann"}
TEAM = {"kind": "Group", "name": "team"}
ACCOUNT = {"kind": "ServiceAccount", "name": "bot", "namespace": "ci"}


def test_roles_are_those_of_the_user_and_of_the_groups() -> None:
    bound = BoundRoles(
        [
            binding("view", TEAM),
            binding("edit", ANN, namespace="shop"),
            binding("deployer", ANN, TEAM, kind="Role", namespace="shop"),
            binding("admin", {"kind": "User", "name": "bob"}),
        ]
    )
    assert bound.of("ann", ["team"]) == (("shop:deployer",), ("edit", "view"))
    assert bound.of("carl", ["team"]) == (("shop:deployer",), ("view",))
    assert bound.of("team", ["ann"]) == ((), ())


def test_a_service_account_is_a_user_of_its_own_form() -> None:
    bound = BoundRoles(
        [binding("edit", ACCOUNT), binding("view", {"kind": "ServiceAccount", "name": "x"}, namespace="a")]
    )
    assert bound.of("system:serviceaccount:ci:bot", []) == ((), ("edit",))
    assert bound.of("system:serviceaccount:a:x", []) == ((), ("view",))


def test_a_binding_without_subjects_binds_nobody() -> None:
    assert BoundRoles([msgspec.convert({"roleRef": {"kind": "Role", "name": "x"}}, RoleBinding)]).of(
        "", []
    ) == ((), ())
