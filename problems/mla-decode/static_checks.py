"""What the text of a program says before any process is started."""

import ast
import re
import warnings

from candidate_process import Rejected

# By these a name can be defined without standing in the text.
INDIRECT = {"exec", "eval", "globals", "locals", "vars", "setattr", "__import__", "modules"}


def check_text(source, entry, forbidden=()):
    """Rejects what cannot be compiled, does not define the function `entry` at its top level, or has what is forbidden: pairs of a pattern,
    looked for in names and texts but not in comments, and the sentence that says why. source: bytes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            compile(tree, "candidate", "exec", dont_inherit=True)
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno is not None else ""
        line = f":\n{error.text.strip()[:200]}" if error.text else "."
        raise Rejected(f"The program is no Python: {type(error).__name__}: {error.msg}{where}{line}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Rejected(f"The program cannot be compiled: {type(error).__name__}: {str(error)[:200]}.") from None
    if not _may_define(tree, entry):
        raise Rejected(f"The program must define {entry}(data). Nothing at its top level has that name.")
    for words in _words(tree):
        for pattern, sentence in forbidden:
            found = re.search(pattern, words)
            if found:
                raise Rejected(f"{sentence} The program has {found[0]}.")


def _may_define(tree, name):
    """False only if no execution of the top level can define the name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in INDIRECT or isinstance(node, ast.Attribute) and node.attr in INDIRECT:
            return True
        if isinstance(node, ast.Global) and name in node.names:
            return True
    return any(_binds(node, name) for node in _top_level(tree))


def _top_level(tree):
    """All nodes that belong to the module itself: not those within functions and classes."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            nodes.extend(ast.iter_child_nodes(node))


def _binds(node, name):
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name == name
    if isinstance(node, ast.alias):
        return (node.asname or node.name.split(".")[0]) in (name, "*")
    if isinstance(node, ast.Name):
        return isinstance(node.ctx, ast.Store) and node.id == name
    # What `except`, `case` and the like bind: the name stands there as a text.
    return any(value == name for field, value in ast.iter_fields(node) if field in ("name", "rest"))


def _words(tree):
    """Names and texts, without those that are only said: documentation."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value
