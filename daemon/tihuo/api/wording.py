"""Texts and icons that are always the same are put into a template when it is compiled, once for each language."""

from __future__ import annotations

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup


class Worded(CodeGenerator):
    """Compiles templates of an environment with a `translate` and a `draw_icon`: `_("Undo")` and `m.icon("undo-2")`
    cost a page nothing then, and stand in one piece with what is around them. A text with a number in it, or an icon
    with a name that is found out, is looked up as ever."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        super().visit_Template(_Same().visit(node, self.environment), frame)


class _Same(NodeTransformer):
    def visit_Call(self, node: nodes.Call, environment: Environment) -> nodes.Node:  # noqa: N802
        self.generic_visit(node, environment)
        match node:
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=str(text))], kwargs=[]):
                text = environment.translate(text) % {}  # type: ignore[attr-defined]
                return nodes.Const(Markup(text), lineno=node.lineno)  # noqa: S704  our own words
            case nodes.Call(node=nodes.Getattr(node=nodes.Name(name="m"), attr="icon"), args=args, kwargs=[]) if all(
                isinstance(one, nodes.Const) for one in args
            ):
                icon = environment.draw_icon(*(one.as_const() for one in args))  # type: ignore[attr-defined]
                return nodes.Const(icon, lineno=node.lineno)
        return node
