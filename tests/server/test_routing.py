from __future__ import annotations

import pytest

from cccc.server.routing import Match, NoMatch, Route, Router
from tests.server.tables import echo, named, refuse, routes

ROUTER = Router(routes())


@pytest.mark.parametrize(
    ("method", "path", "template", "fields"),
    [
        ("POST", "/v1/messages", "/v1/messages", {}),
        ("GET", "/v1/models", "/v1/models", {}),
        ("GET", "/v1/models/gpt-5", "/v1/models/{id:path}", {"id": "gpt-5"}),
        ("GET", "/v1/models/vendor/model", "/v1/models/{id:path}", {"id": "vendor/model"}),
        ("GET", "/v1/models/vendor%2Fmodel", "/v1/models/{id:path}", {"id": "vendor/model"}),
        (
            "POST",
            "/admin/api/endpoints/my%20glm/enable",
            "/admin/api/endpoints/{name}/{action}",
            {"name": "my glm", "action": "enable"},
        ),
    ],
)
def test_finds_the_route_and_its_fields(method: str, path: str, template: str, fields: dict[str, str]) -> None:
    found = ROUTER.find(method, path)

    assert isinstance(found, Match)
    assert found.route.path == template
    assert dict(found.fields) == fields


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1",
        "/v1/messages/",
        "/V1/messages",
        "/v1//messages",
        "/v1/./messages",
        "/v1/x/../messages",
        "/v1/%6dessages",
        "/v1/messages%00",
        "/admin/api/endpoints/a/b/c",
        "/admin/api/endpoints//enable",
        "/v1/models/",
    ],
)
def test_a_path_is_taken_as_it_was_sent(path: str) -> None:
    assert ROUTER.find("POST", path) == NoMatch()


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/messages", "POST"),
        ("DELETE", "/v1/models/gpt-5", "GET"),
        ("HEAD", "/health", "GET"),
        ("post", "/v1/messages", "POST"),
    ],
)
def test_says_what_else_serves_a_path(method: str, path: str, allow: str) -> None:
    found = ROUTER.find(method, path)

    assert isinstance(found, NoMatch)
    assert found.allow == allow


def test_a_literal_path_stands_above_a_template() -> None:
    router = Router(
        [Route("GET", "/models/{id}", named, refuse), Route("GET", "/models/all", echo, refuse)],
    )

    found = router.find("GET", "/models/all")

    assert isinstance(found, Match)
    assert found.route.handler is echo


def test_a_template_may_end_inside_a_part() -> None:
    router = Router([Route("POST", "/v1beta/models/{model}:generateContent", named, refuse)])

    found = router.find("POST", "/v1beta/models/gemini-3:generateContent")

    assert isinstance(found, Match)
    assert found.fields == {"model": "gemini-3"}
    assert isinstance(router.find("POST", "/v1beta/models/gemini-3:countTokens"), NoMatch)


@pytest.mark.parametrize("path", ["/health", "/models/{id}"])
def test_two_routes_for_one_request_are_an_error(path: str) -> None:
    with pytest.raises(ValueError, match="two routes serve GET"):
        Router([Route("GET", path, named, refuse), Route("GET", path, echo, refuse)])


def test_names_the_paths_that_clients_are_meant_to_use() -> None:
    paths = (
        "/v1/messages",
        "/v1/v1/messages",
        "/models",
        "/v1/models/{id:path}",
        "/health",
        "/help",
        "/admin/api/stats",
    )
    router = Router(Route("GET", path, echo, refuse) for path in paths)

    assert router.served() == "/v1/messages, /v1/models/ID, /health, /help"
