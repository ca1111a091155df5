"""The reference of the API as one page without scripts, made from its OpenAPI description."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

PAGE = Path(__file__).with_name("reference.html")


def reference_page(description: Schema, address: str) -> str:
    """The page of an API.

    Args:
        description: its OpenAPI document.
        address: where it is served, with a slash at the end; examples use it.
    """
    schemas: Schema = description["components"]["schemas"]
    operations = [
        (method.upper(), path, operation)
        for path, item in description["paths"].items()
        for method, operation in item.items()
    ]
    rows = [f"<p>{_words(description['info']['description'])}</p>\n<ul>\n"]
    rows += [
        f'<li><a href="#{escape(operation["operationId"])}"><code>{method} {escape(path)}</code>'
        f"</a> {_words(operation.get('description', ''))}</li>\n"
        for method, path, operation in operations
    ]
    index = "".join([*rows, "</ul>\n"])
    parts = (part for one in operations for part in _operation(*one, schemas, address))
    page = PAGE.read_text("utf-8").replace("<!-- index -->", index)
    return page.replace("<!-- operations -->", "".join(parts))


def _operation(
    method: str, path: str, operation: Schema, schemas: Schema, address: str
) -> Iterator[str]:
    yield f'<h2 id="{escape(operation["operationId"])}"><code>{method} {escape(path)}</code></h2>\n'
    yield f"<p>{_words(operation.get('description', ''))}</p>\n"
    url = address + path.removeprefix("/")
    body: Any = None
    if "requestBody" in operation:
        schema = _resolved(
            operation["requestBody"]["content"]["application/json"]["schema"], schemas
        )
        yield _table("It takes", schema)
        body = example_of(schema)
    parameters = operation.get("parameters", [])
    if parameters:
        fields = {one["name"]: {**one["schema"], **one} for one in parameters}
        needed = [one["name"] for one in parameters if one.get("required")]
        yield _table("It takes", {"properties": fields, "required": needed})
    if not any(one.get("required") for one in parameters):
        yield f'<pre class="curl" tabindex="0">{escape(_curl(url, body))}</pre>\n'
        yield f'<pre class="python" tabindex="0">{escape(_python(url, body))}</pre>\n'
    answer = operation["responses"]["200"].get("content", {}).get("application/json", {})
    for name in _names(answer.get("schema", {})):
        yield _table(f"{name}: what it returns", schemas[name])


def example_of(schema: Schema) -> Any:
    """An example of a body: its own, or one made of those of its fields."""
    if "examples" in schema:
        return schema["examples"][0]
    fields = schema["properties"].items()
    return {name: field["examples"][0] for name, field in fields if "examples" in field}


def _curl(url: str, body: Any) -> str:
    if body is None:
        return f"curl -s {url}"
    content = json.dumps(body, ensure_ascii=False)
    return f"curl -s {url} -H 'Content-Type: application/json' -d '{content}'"


def _python(url: str, body: Any) -> str:
    lines = ["import json", "from urllib.request import Request, urlopen", ""]
    if body is None:
        return "\n".join([*lines, f'print(json.load(urlopen("{url}")))'])
    return "\n".join(
        [
            *lines,
            f"body = {body!r}",
            'headers = {"Content-Type": "application/json"}',
            f'request = Request("{url}", json.dumps(body).encode(), headers)',
            "print(json.load(urlopen(request)))",
        ]
    )


def _table(title: str, schema: Schema) -> str:
    needed = schema.get("required", [])
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{_type(field)}</td>'
        f"<td>{_default(field, name in needed)}</td>"
        f"<td>{_words(field.get('description', ''))}</td></tr>\n"
        for name, field in schema.get("properties", {}).items()
    )
    return (
        f'<h3>{escape(title)}</h3>\n<div class="wide" tabindex="0" role="region" '
        f'aria-label="{escape(title)}"><table>\n<thead><tr><th scope="col">name</th>'
        '<th scope="col">type</th><th scope="col">default</th><th scope="col">meaning</th></tr>'
        f"</thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )


def _default(field: Schema, needed: bool) -> str:
    if needed or "default" not in field:
        return ""
    return f"<code>{escape(json.dumps(field['default'], ensure_ascii=False))}</code>"


def _type(field: Schema) -> str:
    if "$ref" in field:
        return escape(field["$ref"].rsplit("/", 1)[-1])
    if "enum" in field:
        return " ".join(f"<code>{escape(str(value))}</code>" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(map(_type, field["anyOf"]))
    if field.get("type") == "array":
        return f"array of {_type(field.get('items', {}))}"
    return escape(str(field.get("const", field.get("type", "any"))))


def _names(schema: Schema) -> Iterator[str]:
    """The named schemas that one consists of."""
    if "$ref" in schema:
        yield schema["$ref"].rsplit("/", 1)[-1]
    for part in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])):
        yield from _names(part)


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    found: Schema = schemas[next(_names(schema))]
    return found


def _words(text: str) -> str:
    """A description as HTML, `code` marked."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))
