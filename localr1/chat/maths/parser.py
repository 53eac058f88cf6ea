"""A formula read into its parts."""

from __future__ import annotations

from localr1.chat.maths import commands, symbols
from localr1.chat.maths.nodes import Atom, Fenced, Grid, Node, Row, Scripts, Stack, Unreadable
from localr1.chat.maths.tokens import END, Token, Tokens

MAX_DEPTH = 40
"""Groups inside each other; formulas that people write have five."""

MAX_CELLS = 1_000
"""Of a matrix or another grid, all empty ones counted."""

_SPACES = {",": " ", ":": " ", ">": " ", ";": " ", " ": " ", "\n": " ", "!": "", "/": "", "-": ""}
_NAMED_SPACES = {
    **{"quad": "  ", "qquad": "    ", "thinspace": " ", "medspace": " ", "thickspace": " "},
    **{"enspace": " ", "space": " ", "nobreakspace": " ", "negthinspace": "", "hfill": "  "},
}
_ROW_ENDS = ("\\\\", "\\cr", "\\newline", "\\tabularnewline")


def parse(source: str) -> Row:
    """The formula as its parts.

    Raises:
        Unreadable: braces or environments do not match, or there are too many inside each other.
    """
    parser = Parser(Tokens(source))
    rows = parser.grid_rows(lambda token: token is END)
    return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else Row((Grid("aligned", rows),))


class Parser:
    """Reads parts from the pieces of a source."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._depth = 0
        self.alphabet = ""
        """Letters are taken from it."""

    # ---- rows ------------------------------------------------------------------------------

    def grid_rows(self, is_end: commands.IsEnd) -> tuple[tuple[Row, ...], ...]:
        """Rows of cells up to the end, which is taken as well."""
        rows: list[tuple[Row, ...]] = []
        cells: list[Row] = []
        while True:
            cells.append(self.row(lambda t: t.text == "&" or t.text in _ROW_ENDS or is_end(t)))
            token = self.tokens.take()
            if token.text in _ROW_ENDS:
                rows.append(tuple(cells))
                cells = []
                self._skip_row_options()
            elif token.text != "&" or token.kind == "end":
                break
        if cells != [Row(())] or not rows:
            rows.append(tuple(cells))
        if len(rows) * max(map(len, rows)) > MAX_CELLS:
            raise Unreadable
        return tuple(rows)

    def _skip_row_options(self) -> None:
        self.tokens.take_if("*")
        if self.tokens.peek().text == "[":
            self.tokens.take_option_source()

    def row(self, is_end: commands.IsEnd) -> Row:
        """Parts up to the end, which is left.

        Raises:
            Unreadable: the source is over before.
        """
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unreadable
        items: list[Node] = []
        while not is_end(token := self.tokens.peek()):
            if token is END or token.text in ("}", "\\right", "\\end"):
                raise Unreadable
            item = self._scripted(items) if token.text in ("^", "_") else self._item()
            if token.kind == "space" and items and _separates(items[-1], self.tokens.peek()):
                item = Atom(" ", "space")
            if item is not None:
                items.append(item)
            if token.kind == "primes":
                items[-2:] = [_primed(items)]
        self._depth -= 1
        return Row(tuple(items))

    def argument(self) -> Row:
        """What stands in braces, or the next symbol."""
        self.tokens.skip_space()
        token = self.tokens.peek()
        if token.text == "{":
            return self._group()
        if token is END or token.text in ("}", "&", "^", "_", "\\right", "\\end", "\\\\"):
            raise Unreadable
        if token.kind == "number":
            return Row((Atom(self.tokens.take_digit()),))
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unreadable
        item = self._item()
        self._depth -= 1
        return Row((item,) if item is not None else ())

    def argument_of(self, source: str) -> Row:
        """The parts of a piece of source, one deeper than this."""
        inner = Parser(Tokens(source))
        inner._depth, inner.alphabet = self._depth + 1, self.alphabet
        return inner.row(lambda token: token is END)

    def _group(self) -> Row:
        self.tokens.take()
        row = self.row(lambda token: token.text == "}" and token.kind == "other")
        self.tokens.take()
        return row

    # ---- parts -----------------------------------------------------------------------------

    def _item(self) -> Node | None:
        token = self.tokens.peek()
        if token.text == "{":
            return _ungrouped(self._group())
        self.tokens.take()
        if token.kind == "command":
            return self._command(token)
        if token.kind == "space":
            return None
        if token.kind == "primes":
            return Atom({1: "′", 2: "″", 3: "‴"}.get(len(token.text), "′" * len(token.text)))
        if token.text == "~":
            return Atom(" ", "space")
        if token.text == ":":
            return self._colon()
        if token.text.isascii() and token.text.isalpha() and self.alphabet:
            return Atom(symbols.in_alphabet(self.alphabet, token.text))
        return symbols.typed(token.text)

    def _colon(self) -> Atom:
        """A ratio, a function's sign or an assignment: the source says it by its spaces."""
        if self.tokens.take_if("="):
            return Atom(":=", "rel")
        return Atom(":", "punct" if self.tokens.skip_space() else "ord")

    def _command(self, token: Token) -> Node | None:
        name = token.text[1:]
        if name == "begin":
            return self._environment()
        if name == "left":
            return self._fenced()
        if name == "not":
            return self._negated()
        if name in _SPACES or name in _NAMED_SPACES:
            space = _SPACES.get(name) or _NAMED_SPACES.get(name)
            return Atom(space, "space") if space else None
        return commands.read(name, self)

    def _scripted(self, items: list[Node]) -> Scripts:
        base = _taken_base(items)
        old = base if isinstance(base, Scripts) else None
        is_sub = self.tokens.take().text == "_"
        script = self.argument()
        if old is None:
            has_limits = isinstance(base, Atom) and symbols.has_limits(base)
            has_limits = has_limits or (isinstance(base, Stack) and base.brace in ("over", "under"))
            sub, sup = (script, None) if is_sub else (None, script)
            return Scripts(base, sub, sup, has_limits)
        if is_sub and old.sub is None:
            return old._replace(sub=script)
        if not is_sub and old.sup is None:
            return old._replace(sup=script)
        if not is_sub and old.sup == Row((Atom("′"),)):
            return old._replace(sup=Row((Atom("′"), *script.items)))
        raise Unreadable  # as for TeX: two of a kind

    def _fenced(self) -> Node:
        left = self.delimiter()
        body = self.row(lambda token: token.text == "\\right")
        self.tokens.take()
        return Fenced(left, body, self.delimiter())

    def delimiter(self) -> str:
        """The bracket that follows; empty for a dot."""
        self.tokens.skip_space()
        token = self.tokens.take()
        if token.kind == "command":
            atom = symbols.named(token.text[1:])
            if atom is None:
                raise Unreadable
            return atom.text
        if token is END or token.kind == "number" or len(token.text) != 1 or token.text in "{}":
            raise Unreadable
        return {".": "", "<": "⟨", ">": "⟩"}.get(token.text, token.text)

    def _negated(self) -> Node | None:
        argument = self.argument()
        if len(argument.items) == 1 and isinstance(atom := argument.items[0], Atom):
            return Atom(symbols.negated(atom.text), atom.kind)
        raise Unreadable

    def _environment(self) -> Node:
        name = self.tokens.take_group_source().strip()
        plain = name.removesuffix("*")
        columns = ""
        if plain in ("array", "tabular", "alignedat", "alignat", "subarray"):
            self.tokens.take_option_source()
            columns = self.tokens.take_group_source()
        elif plain in ("aligned", "gathered", "split"):
            self.tokens.take_option_source()
        rows = self.grid_rows(lambda token: token.text == "\\end")
        if self.tokens.take_group_source().strip() != name:
            raise Unreadable
        return Grid(plain, rows, columns if plain in ("array", "tabular") else "")


def _separates(before: Node, after: Token) -> bool:
    """Chinese words have no commands around them: the space beside them is meant."""
    return _is_wide(getattr(before, "text", "")[-1:]) != _is_wide(after.text[:1])


def _is_wide(character: str) -> bool:
    return "\u2e80" <= character < "\U0001d000"


def _ungrouped(row: Row) -> Node:
    if len(row.items) != 1 or isinstance(row.items[0], Scripts):
        return row
    item = row.items[0]
    # A sign in braces stands for itself: 1{,}024
    if isinstance(item, Atom) and item.kind in ("punct", "bin", "rel"):
        return item._replace(kind="ord")
    return item


def _taken_base(items: list[Node]) -> Node:
    while items and isinstance(items[-1], Atom) and items[-1].kind == "space":
        items.pop()
    return items.pop() if items else Row(())


def _primed(items: list[Node]) -> Node:
    """The last two parts, of which the last is primes, as one."""
    primes = Row((items[-1],))
    base = items[-2] if len(items) > 1 else Row(())
    if isinstance(base, Scripts) and base.sup is None:
        return base._replace(sup=primes)
    return Scripts(base, None, primes, has_limits=False)
