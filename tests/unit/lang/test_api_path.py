import pytest

from propolis.core.errors import DocumentError
from propolis.lang.api_path import ApiPath, compile_fields, parse_api_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/api/v1/pods", ApiPath("", "v1", "pods")),
        ("/api/v1/namespaces", ApiPath("", "v1", "namespaces")),
        ("/api/v1/namespaces/shop", ApiPath("", "v1", "namespaces", name="shop")),
        (
            "/api/v1/namespaces/shop/status",
            ApiPath("", "v1", "namespaces", name="shop", subresource="status"),
        ),
        ("/api/v1/namespaces/shop/pods/web", ApiPath("", "v1", "pods", "shop", "web")),
        (
            "/apis/apps/v1/namespaces/shop/deployments?labelSelector=a%3Db&fieldSelector=metadata.name=x",
            ApiPath("apps", "v1", "deployments", "shop", "", "", "a=b", "metadata.name=x"),
        ),
        ("/apis/apps/v1/deployments/web/scale", ApiPath("apps", "v1", "deployments", "", "web", "scale")),
        ("/version", None),
        ("/api", None),
        ("/apis/apps/v1", None),
    ],
)
def test_a_path_names_a_resource_or_nothing(text: str, path: ApiPath | None) -> None:
    assert parse_api_path(text) == path


def test_fields_are_compared_as_texts() -> None:
    document = {"metadata": {"name": "web"}, "spec": {"hostNetwork": True}}
    assert compile_fields("metadata.name=web,spec.hostNetwork=true,spec.nodeName!=a")(document)
    assert not compile_fields("spec.nodeName==a")(document)
    with pytest.raises(DocumentError, match="no term"):
        compile_fields("metadata.name")
