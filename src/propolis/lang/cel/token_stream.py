"""Going through the tokens of an expression, and noting what is made of them."""

from propolis.lang.cel.ast import Expr
from propolis.lang.cel.lexer import Token, tokens_of
from propolis.lang.cel.nodes import Nodes

TALLEST_TREE = 240
"""Most nodes from the root to a leaf; a chain of fields or sums counts every link."""


class TokenStream:
    """The tokens of a text; `token` is the next one.

    Attributes:
        nodes: Makes nodes and keeps their places.
        heights: Of the trees of nodes, by id.
    """

    def __init__(self, text: str) -> None:
        self.nodes = Nodes(text)
        self.tokens = tokens_of(text)
        self.position = 0
        self.token = self.tokens[0]
        self.heights: dict[int, int] = {}

    def next(self) -> Token:
        """Takes the next token."""
        token = self.token
        self.position += 1
        self.token = self.tokens[self.position]
        return token

    def accept(self, kind: str) -> Token | None:
        """Takes the next token if it is of a kind."""
        return self.next() if self.token.kind == kind else None

    def expect(self, kind: str) -> Token:
        """Takes the next token, which must be of a kind.

        Raises:
            CelSyntaxError: It is not.
        """
        if self.token.kind != kind:
            self.unexpected(f"'{kind}'")
        return self.next()

    def unexpected(self, expected: str) -> None:
        """An error at the next token.

        Raises:
            CelSyntaxError: Always.
        """
        found = f"'{self.token.text}'" if self.token.text else "the end"
        self.nodes.fail_at(self.token.start, f"found {found} where {expected} was expected")

    def made(self, node: Expr, start: int, *children: Expr) -> Expr:
        """Notes from where to where a node was written, and refuses trees that are too tall."""
        self.nodes.spans[node.id] = (start, self.tokens[self.position - 1].end)
        height = 1 + max((self.heights.get(child.id, 1) for child in children), default=0)
        if height > TALLEST_TREE:
            self.nodes.fail_at(start, f"nested deeper than {TALLEST_TREE} levels")
        self.heights[node.id] = height
        return node
