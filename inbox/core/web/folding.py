"""Jinja that calls at compile time what is the same on every page: an environment's language and icons never change."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup
from typing_extensions import override


class FoldingEnvironment(Environment):
    """Calls `folded`'s functions, which are globals too, while it compiles a template, where all they are given is
    constant: a page of the inbox has hundreds of such calls, and each costs more than what it writes.
    """

    def __init__(self, folded: Mapping[str, Callable[..., str]], **options: Any) -> None:
        super().__init__(**options)
        self.globals.update(folded)
        self._folded = folded

    @override
    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        """Jinja's hook between its parser and its compiler."""
        return super()._generate(_Folding(self._folded).visit(source), name, filename, defer_init)


class _Folding(NodeTransformer):
    """Puts what a call gives in its place."""

    def __init__(self, folded: Mapping[str, Callable[..., str]]) -> None:
        self._folded = folded

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802  # Jinja finds it by this name
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.node.name not in self._folded or not _is_constant(node):
            return node
        found = self._folded[node.node.name](*(one.as_const() for one in node.args))
        constant = nodes.Const(str(found), lineno=node.lineno)
        return nodes.MarkSafe(constant, lineno=node.lineno) if isinstance(found, Markup) else constant


def _is_constant(call: nodes.Call) -> bool:
    told = call.kwargs or call.dyn_args or call.dyn_kwargs
    return not told and all(isinstance(one, nodes.Const) for one in call.args)
