"""Texts that are the same for everybody are put into a template when it is compiled, once for each language."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup


class Worded(CodeGenerator):
    """Compiles templates of an environment with a `translate`: `_("Undo")` costs a page nothing then, and stands in one
    piece with what is around it. A text with a number in it is looked up as ever."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        super().visit_Template(_Texts().visit(node, self.environment.translate), frame)  # type: ignore[attr-defined]


class _Texts(NodeTransformer):
    def visit_Call(self, node: nodes.Call, translate: Any) -> nodes.Node:  # noqa: N802
        self.generic_visit(node, translate)
        match node:
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=str(text))], kwargs=[]):
                return nodes.Const(Markup(translate(text) % {}), lineno=node.lineno)  # noqa: S704  our own words
        return node
