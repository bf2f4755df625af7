import pytest

from propolis.policy.engine.request_filter import RequestFilter
from propolis.policy.model.kyverno_settings import KyvernoSettings, NameFilter, UserPatterns

POD = ("", "v1", "Pod")


def filtered(texts: str, kind: tuple[str, str, str], subresource: str, namespace: str, name: str) -> bool:
    filters = tuple(NameFilter(*one.split(",")) for one in texts.split())
    return RequestFilter(KyvernoSettings(filters=filters)).is_filtered(*kind, subresource, namespace, name)


@pytest.mark.parametrize(
    ("filters", "subresource", "namespace", "name", "found"),
    [
        ("Pod,*,*", "", "shop", "a", True),
        ("Pod,*,*", "exec", "shop", "a", False),
        ("Pod/*,*,*", "exec", "shop", "a", True),
        ("*/*,shop,*", "exec", "shop", "a", True),
        ("*/*,shop,*", "exec", "shop-1", "a", False),
        ("v1/Pod,sho?,a*", "", "shop", "ab", True),
        ("v2/Pod,*,*", "", "shop", "a", False),
        ("apps/*/Pod,*,*", "", "shop", "a", False),
        ("Pod", "", "shop", "a", False),
        ("Pod", "", "", "", True),
        ("Pod,shop", "", "shop", "", True),
        ("a/b/c/d/e,*,*", "", "shop", "a", False),
    ],
)
def test_filters_name_resources(
    filters: str, subresource: str, namespace: str, name: str, *, found: bool
) -> None:
    assert filtered(filters, POD, subresource, namespace, name) is found


@pytest.mark.parametrize(("filters", "found"), [("*,kube-*,*", True), ("Pod,kube-*,*", False)])
def test_a_namespace_is_filtered_with_what_is_in_it(filters: str, *, found: bool) -> None:
    assert filtered(filters, ("", "v1", "Namespace"), "", "", "kube-system") is found
    assert filtered(filters, ("other", "v1", "Namespace"), "", "", "kube-system") is False


def test_users_are_excluded_by_any_of_what_they_are_unless_one_keeps_them() -> None:
    excluded = UserPatterns(("kube-*",), ("system:nodes",), ("shop:edit",), ("admin",))
    found = RequestFilter(KyvernoSettings(excluded=excluded, included=UserPatterns(groups=("judged",))))
    assert found.asks_roles
    assert found.is_excluded("kube-proxy", ())
    assert found.is_excluded("ann", ("a", "system:nodes"))
    assert found.is_excluded("ann", (), ("shop:edit",))
    assert found.is_excluded("ann", (), (), ("admin",))
    assert not found.is_excluded("ann", ("a",), ("shop:view",), ("view",))
    assert not found.is_excluded("kube-proxy", ("judged",))


def test_without_settings_nobody_is_excluded_and_nothing_filtered() -> None:
    found = RequestFilter(KyvernoSettings())
    assert not found.asks_roles
    assert not found.is_excluded("system:admin", ("system:masters",))
    assert not found.is_filtered(*POD, "", "kube-system", "a")
