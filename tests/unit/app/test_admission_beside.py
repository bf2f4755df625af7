import pytest

from propolis.app.admission_beside import others_beside
from propolis.app.configured_webhooks import AskedRule, Configured, ConfiguredWebhook

KIND = "ValidatingWebhookConfiguration"
OWN = [
    {
        "kind": KIND,
        "webhooks": [{"rules": [{"apiGroups": [""], "resources": ["pods", "pods/exec", "secrets"]}]}],
    }
]


def other(groups: str, resources: str, name: str = "other", of: str = "", kind: str = KIND) -> Configured:
    rule = AskedRule(tuple(groups.split(",")), tuple(resources.split(",")))
    return Configured(kind, name, of, (ConfiguredWebhook("w", (rule,)),))


@pytest.mark.parametrize(
    ("groups", "resources", "shared"),
    [
        ("", "pods", ("pods",)),
        ("*", "*", ("pods", "secrets")),
        ("*", "*/*", ("pods", "pods/exec", "secrets")),
        (",apps", "pods/*", ("pods/exec",)),
        ("", "*/exec", ("pods/exec",)),
        ("apps", "*", ()),
        ("", "configmaps", ()),
    ],
)
def test_what_both_are_asked_about_is_told(groups: str, resources: str, shared: tuple[str, ...]) -> None:
    found = others_beside([other(groups, resources)], OWN, "own")
    assert [one.resources for one in found] == ([shared] if shared else [])


def test_a_servers_own_configurations_and_other_kinds_are_not_beside_it() -> None:
    mine, mutating = other("*", "*", of="own"), other("*", "*", kind="MutatingWebhookConfiguration")
    assert others_beside([mine, mutating], OWN, "own") == ()


def test_kyverno_beside_it_is_a_warning_that_names_the_configuration() -> None:
    name = "kyverno-resource-validating-webhook-cfg"
    (found,) = others_beside([other("*", "pods", name)], OWN, "own")
    assert found.text == (
        f"warning: {KIND} {name} is asked about pods too: a policy that Kyverno has as well is enforced twice"
    )
    (other_one,) = others_beside([other("*", "pods,secrets")], OWN, "own")
    assert other_one.text == f"{KIND} other is asked about pods, secrets too"
