"""Text to syntax tree, by recursive descent.

Follows cel-go parser/gen/CEL.g4 and parser/parser.go @ v0.30.0::

    expression = or ["?" or ":" expression]
    or         = and {"||" and}
    and        = relation {"&&" relation}
    relation   = sum {("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") sum}
    sum        = product {("+" | "-") product}
    product    = unary {("*" | "/" | "%") unary}
    unary      = member | "!" {"!"} member | "-" {"-"} member
    member     = primary {"." ["?"] field | "." name "(" [list] ")" | "[" ["?"] expression "]"}
    primary    = ["."] name ["(" [list] ")"] | "(" expression ")" | "[" elements "]" | "{" entries "}"
               | ["."] name {"." name} "{" fields "}" | literal
    field      = name | "`" characters "`"

Chains of ``&&`` and ``||`` become balanced trees. Macros are expanded where they are called.
"""

from collections.abc import Iterator, Mapping

from propolis.lang.cel import operators
from propolis.lang.cel.ast import (
    Call,
    Entry,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Select,
    StructExpr,
    Tree,
)
from propolis.lang.cel.errors import CelSyntaxError, place_of, pointed
from propolis.lang.cel.lexer import Token
from propolis.lang.cel.library import Macro
from propolis.lang.cel.literals import LITERALS, float_value, int_value
from propolis.lang.cel.token_stream import TokenStream

LONGEST_TEXT = 100_000
"""Most code points of an expression, as cel-go and Kubernetes have it."""
MOST_LEVELS = 100
"""Deepest nesting of brackets, arguments and ternaries within each other."""
MOST_ITEMS = 20_000
"""Most elements, entries or arguments in one pair of brackets."""

RESERVED = frozenset({
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
    "package", "namespace", "return", "var", "void", "while",
})  # fmt: skip
_OR, _AND, _RELATION, _SUM, _PRODUCT = range(1, 6)
_STRENGTHS = {
    "||": _OR,
    "&&": _AND,
    **dict.fromkeys(operators.RELATIONS, _RELATION),
    **dict.fromkeys(operators.SUMS, _SUM),
    **dict.fromkeys(operators.PRODUCTS, _PRODUCT),
}
_FUNCTIONS = {sign: function for function, sign in operators.SIGNS.items()}
MacroKey = tuple[str, bool, int | None]
_NUMBERS = ("int", "float")


def parse(text: str, macros: Mapping[MacroKey, Macro]) -> Tree:
    """The tree of an expression.

    Raises:
        CelSyntaxError: It is no expression, or larger or deeper than it may be.
    """
    if len(text) > LONGEST_TEXT:
        message = (
            f"Syntax error: expression code point size exceeds limit: size: {len(text)}, limit {LONGEST_TEXT}"
        )
        raise CelSyntaxError(message, place_of(text, 0))
    parser = _Parser(text, macros)
    try:
        root = parser.whole()
    except RecursionError as error:
        raise too_deep(text) from error
    nodes = parser.nodes
    return Tree(text, root, nodes.offsets, nodes.spans, nodes.macros)


def too_deep(text: str) -> CelSyntaxError:
    """What is wrong with an expression for which Python's stack is too small."""
    return CelSyntaxError(pointed("Syntax error: nested too deeply", text, 0), place_of(text, 0))


class _Parser(TokenStream):
    def __init__(self, text: str, macros: Mapping[MacroKey, Macro]) -> None:
        super().__init__(text)
        self._macros = macros
        self._level = 0

    def whole(self) -> Expr:
        root = self._expression()
        if self.token.kind != "end":
            self.unexpected("the end")
        return root

    # Operators.

    def _expression(self) -> Expr:
        self._level += 1
        if self._level > MOST_LEVELS:
            self.nodes.fail_at(self.token.start, f"nested deeper than {MOST_LEVELS} levels")
        start = self.token.start
        condition = self._binary(_OR)
        if question := self.accept("?"):
            chosen = self._binary(_OR)
            self.expect(":")
            other = self._expression()
            call = Call(self.nodes.at(question.start), operators.CONDITIONAL, (condition, chosen, other))
            condition = self.made(call, start, condition, chosen, other)
        self._level -= 1
        return condition

    def _binary(self, lowest: int) -> Expr:
        """An operand, and the operators behind it that bind as strongly as ``lowest`` or stronger."""
        start = self.token.start
        left = self._unary()
        while True:
            sign = self.token.kind
            level = _STRENGTHS.get(sign, 0)
            if level < lowest:
                return left
            if level <= _AND:
                left = self._chain(sign, level, left)
                continue
            identity = self.nodes.at(self.next().start)
            right = self._binary(level + 1)
            left = self.made(Call(identity, _FUNCTIONS[sign], (left, right)), start, left, right)

    def _chain(self, sign: str, level: int, first: Expr) -> Expr:
        """Operands of ``||`` or ``&&``, as a balanced tree."""
        terms, signs = [first], []
        while token := self.accept(sign):
            signs.append(self.nodes.at(token.start))
            terms.append(self._binary(level + 1))
        return self._balanced(_FUNCTIONS[sign], terms, signs, 0, len(signs) - 1)

    def _balanced(self, function: str, terms: list[Expr], signs: list[int], low: int, high: int) -> Expr:
        middle = (low + high + 1) // 2
        left = terms[middle] if low == middle else self._balanced(function, terms, signs, low, middle - 1)
        right = (
            terms[high + 1] if middle == high else self._balanced(function, terms, signs, middle + 1, high)
        )
        call = Call(signs[middle], function, (left, right))
        made = self.made(call, self._start_of(left), left, right)
        self.nodes.spans[made.id] = (self._start_of(left), self._end_of(right))
        return made

    def _start_of(self, node: Expr) -> int:
        return self.nodes.spans[node.id][0]

    def _end_of(self, node: Expr) -> int:
        return self.nodes.spans[node.id][1]

    def _unary(self) -> Expr:
        sign = self.token
        if sign.kind not in ("!", "-"):
            return self._member(self._primary(), sign.start)
        if sign.kind == "-" and self.tokens[self.position + 1].kind in _NUMBERS:
            return self._member(self._number(self.next()), sign.start)
        count = 0
        while self.accept(sign.kind):
            count += 1
        start = self.token.start
        operand = self._member(self._primary(), start)
        if count % 2 == 0:
            return operand
        function = operators.NOT if sign.kind == "!" else operators.NEGATE
        return self.made(Call(self.nodes.at(sign.start), function, (operand,)), sign.start, operand)

    # Members.

    def _member(self, node: Expr, start: int) -> Expr:
        while True:
            if self.token.kind == ".":
                node = self._dotted(node, start)
            elif self.token.kind == "[":
                node = self._index(node, start)
            elif self.token.kind == "{" and (name := self._type_name(node)):
                node = self._struct(name, start)
            else:
                return node

    def _dotted(self, node: Expr, start: int) -> Expr:
        dot = self.next()
        is_optional = self.accept("?") is not None
        field = self.token
        if field.kind not in ("name", "quoted"):
            self.unexpected("a field")
        self.next()
        if self.token.kind == "(" and field.kind == "name" and not is_optional:
            return self._call(field.text, node, start)
        name = field.text.strip("`")
        if not is_optional:
            return self.made(Select(self.nodes.at(dot.start), node, name), start, node)
        literal = Literal(self.nodes.at(field.start), name)
        self.made(literal, field.start)
        call = Call(self.nodes.at(dot.start), operators.OPTIONAL_SELECT, (node, literal))
        return self.made(call, start, node)

    def _index(self, node: Expr, start: int) -> Expr:
        bracket = self.next()
        function = operators.OPTIONAL_INDEX if self.accept("?") else operators.INDEX
        index = self._expression()
        self.expect("]")
        return self.made(Call(self.nodes.at(bracket.start), function, (node, index)), start, node, index)

    def _type_name(self, node: Expr) -> str:
        """The name that a chain of plain fields spells; empty for anything else."""
        parts: list[str] = []
        while (
            isinstance(node, Select) and not node.tests_only and self.tokens[self.position - 1].kind == "name"
        ):
            parts.append(node.field)
            node = node.operand
        return ".".join([node.name, *reversed(parts)]) if isinstance(node, Ident) else ""

    def _call(self, name: str, target: Expr | None, start: int) -> Expr:
        bracket = self.expect("(")
        arguments = self._arguments()
        self.expect(")")
        identity = self.nodes.at(bracket.start)
        call = Call(identity, name, arguments, target)
        made = self.made(call, start, *arguments, *([target] if target else []))
        return self._expanded(call, bracket.start) or made

    def _arguments(self) -> tuple[Expr, ...]:
        arguments: list[Expr] = []
        while self.token.kind != ")":
            if len(arguments) >= MOST_ITEMS:
                self.nodes.fail_at(self.token.start, f"more than {MOST_ITEMS} items")
            arguments.append(self._expression())
            if not self.accept(","):
                break
            if self.token.kind == ")":
                self.unexpected("an argument")
        return tuple(arguments)

    def _expanded(self, call: Call, place: int) -> Expr | None:
        """What a macro makes of a call; None when it is no macro."""
        is_member = call.target is not None
        key = (call.function, is_member, len(call.arguments))
        macro = self._macros.get(key) or self._macros.get((call.function, is_member, None))
        if macro is None:
            return None
        self.nodes.place = place
        expanded = macro.expand(call.target, call.arguments, self.nodes)
        if expanded is None:
            return None
        self.nodes.macros[expanded.id] = call
        self.nodes.spans[expanded.id] = self.nodes.spans[call.id]
        self.heights[expanded.id] = self.heights[call.id] + 3
        return expanded

    # Primaries.

    def _primary(self) -> Expr:
        token = self.token
        if token.kind in ("name", "."):
            return self._name()
        if token.kind in LITERALS:
            return self._number(token) if token.kind in _NUMBERS else self._literal()
        if token.kind in _CONSTANTS:
            return self.made(Literal(self.nodes.at(self.next().start), _CONSTANTS[token.kind]), token.start)
        if token.kind == "(":
            self.next()
            inner = self._expression()
            self.expect(")")
            return inner
        if token.kind == "[":
            return self._list()
        if token.kind == "{":
            return self._map()
        self.unexpected("a value")
        raise AssertionError

    def _name(self) -> Expr:
        start = self.token.start
        dot = "." if self.accept(".") else ""
        token = self._expect_name()
        if token.text in RESERVED:
            self.nodes.fail_at(token.start, f"reserved identifier: {token.text}")
        name = dot + token.text
        if self.token.kind == "(":
            return self._call(name, None, start)
        return self.made(Ident(self.nodes.at(token.start), name), start)

    def _expect_name(self) -> Token:
        if self.token.kind != "name":
            self.unexpected("a name")
        return self.next()

    def _literal(self) -> Expr:
        token = self.next()
        try:
            value = LITERALS[token.kind](token.text)
        except ValueError as error:
            self.nodes.fail_at(token.start, str(error))
        return self.made(Literal(self.nodes.at(token.start), value), token.start)

    def _number(self, first: Token) -> Expr:
        """An int or a double, with its sign."""
        is_negative = first.kind == "-"
        token = self.next()
        try:
            if token.kind == "int":
                value: float = int_value(token.text, is_negative=is_negative)
            else:
                value = float_value(token.text, is_negative=is_negative)
        except ValueError as error:
            self.nodes.fail_at(token.start, str(error))
        return self.made(Literal(self.nodes.at(first.start), value), first.start)

    def _items(self, close: str) -> Iterator[bool]:
        """Stands before every item of brackets in turn; tells whether it has a question mark."""
        self.next()
        count = 0
        if self.accept(","):
            self.expect(close)
            return
        while not self.accept(close):
            count += 1
            if count > MOST_ITEMS:
                self.nodes.fail_at(self.token.start, f"more than {MOST_ITEMS} items")
            yield self.accept("?") is not None
            if self.token.kind != close:
                self.expect(",")

    def _list(self) -> Expr:
        start = self.token.start
        elements: list[Expr] = []
        optionals: list[int] = []
        for is_optional in self._items("]"):
            if is_optional:
                optionals.append(len(elements))
            elements.append(self._expression())
        node = ListExpr(self.nodes.at(start), tuple(elements), frozenset(optionals))
        return self.made(node, start, *elements)

    def _map(self) -> Expr:
        start = self.token.start
        entries: list[Entry] = []
        for is_optional in self._items("}"):
            key = self._expression()
            colon = self.expect(":")
            entries.append(Entry(self.nodes.at(colon.start), key, self._expression(), is_optional))
        node = MapExpr(self.nodes.at(start), tuple(entries))
        return self.made(node, start, *_values(entries))

    def _struct(self, name: str, start: int) -> Expr:
        brace = self.token.start
        entries: list[Entry] = []
        for is_optional in self._items("}"):
            field = self.token
            if field.kind not in ("name", "quoted"):
                self.unexpected("a field")
            self.next()
            colon = self.expect(":")
            key = field.text.strip("`")
            entries.append(Entry(self.nodes.at(colon.start), key, self._expression(), is_optional))
        node = StructExpr(self.nodes.at(brace), name, tuple(entries))
        return self.made(node, start, *_values(entries))


def _values(entries: list[Entry]) -> list[Expr]:
    keys = [entry.key for entry in entries if not isinstance(entry.key, str)]
    return keys + [entry.value for entry in entries]


_CONSTANTS = {"true": True, "false": False, "null": None}
