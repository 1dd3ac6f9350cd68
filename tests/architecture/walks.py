"""Fails where ARCHITECTURE.md names a function, a class, an RPC or a file that is not in the code (any more).

`Owner::Name` must be a member in the body of a class Owner, `FooService.Name` an RPC of that service, and a
bare `CamelCase` name a free function, a type, or something of proto/. A call is not enough: what is renamed
leaves no declaration behind.
"""

import pathlib
import re
import sys

ROOTS = ("base", "orders", "cli", "deploy", "docs", "engine", "formats", "gateway", "imaging", "models", "proto",
         "rpc", "scripts", "services", "sets", "storage", "tests", "text")
CODE_SPAN = re.compile(r"`([^`\n]+)`")
MEMBER = re.compile(r"^([A-Z]\w+)::([A-Z]\w+)$")
RPC = re.compile(r"^(\w+Service)\.(\w+)$")
# A lower-case letter: FINALIZING is a state.
BARE = re.compile(r"^[A-Z]\w*[a-z]\w*$")
SOURCE_FILE = re.compile(r"^\w+\.(cc|h|py|proto)$")

# Comments, and literals with braces or names in them.
NO_CODE = re.compile(r'//[^\n]*|/\*[\s\S]*?\*/|R"(\w*)\([\s\S]*?\)\1"|"(?:\\.|[^"\\\n])*"'
                     r"|(?<!\w)'(?:\\.|[^'\\\n])'")
# Between `class` and the name may stand attributes, and the class that it is nested in.
CLASS = r"\b(?:class|struct)\s+(?:(?:[A-Z_]+|\[\[\w+\]\])\s+)*(?:\w+::)*{}\b[^;{{}}()=]*{{"
TYPE = r"\b(?:class|struct|enum|using)\s+(?:\w+::)*{0}\b(?:[^;{{}}()]*{{|\s*=)"


def exists(repository, path):
    """A folder, a file, or a source named without its ending; {a,b} and * stand for several."""
    braces = re.search(r"\{([^}]*)\}", path)
    if braces:
        return all(exists(repository, path[:braces.start()] + part + path[braces.end():])
                   for part in braces.group(1).split(","))
    path = path.rstrip("/")
    return any(True for suffix in ("", ".cc", ".h", ".py", ".proto")
               for _ in repository.glob(path + suffix))


def code_of(text):
    """The text without comments and literals, so that every brace in it is one of the code."""
    return NO_CODE.sub(" ", text)


def end_of_block(code, begin):
    """Behind the brace that closes the one at `begin`."""
    depth = 0
    for brace in re.compile(r"[{}]").finditer(code, begin):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(code)


def without_blocks(code):
    """The code with each outermost {...} emptied."""
    kept, place = [], 0
    while (begin := code.find("{", place)) >= 0:
        kept.append(code[place:begin + 1])
        place = end_of_block(code, begin)
    return "}".join(kept + [code[place:]])


def bodies(owner, code):
    """What stands in the classes of that name itself: declarations, without what functions do and without
    members of nested classes."""
    for found in re.finditer(CLASS.format(owner), code):
        begin = found.end() - 1
        yield without_blocks(code[begin + 1:end_of_block(code, begin) - 1])


def is_type(name, code):
    return re.search(TYPE.format(name), code) is not None


def is_member(owner, name, code):
    declared = re.compile(rf"(?<![:.>\w]){name}\(")
    return any(declared.search(body) or is_type(name, body) for body in bodies(owner, code))


def is_free_function(name, code):
    """Declared or defined at the beginning of a line, where calls never stand in formatted code."""
    return re.search(rf"(?m)^(?![\s#])(?:[^\n()=;{{}}]*[^\n()=;{{}}:.>\w])?{name}\(", code) is not None


def is_rpc(service, name, protos):
    return any(re.search(rf"\brpc {name}\(", protos[s.end():end_of_block(protos, s.end() - 1)])
               for s in re.finditer(rf"\bservice {service} {{", protos))


def is_in_protos(name, protos):
    return re.search(rf"\b(message|enum|service) {name} {{|\brpc {name}\(", protos) is not None


def is_there(span, repository, code, protos):
    """Whether what a code span names is there; a span that names nothing of ours always is."""
    if member := MEMBER.match(span):
        return is_member(*member.groups(), code)
    if rpc := RPC.match(span):
        return is_rpc(*rpc.groups(), protos)
    if BARE.match(span):
        return is_free_function(span, code) or is_type(span, code) or is_in_protos(span, protos)
    if SOURCE_FILE.match(span):
        return any(True for root in ROOTS for _ in (repository / root).rglob(span))
    if "/" in span and span.split("/")[0] in ROOTS and " " not in span:
        return exists(repository, span)
    return True


def problems_in(text, repository, sources, protos):
    code, protos = code_of(sources), code_of(protos)
    spans = dict.fromkeys(CODE_SPAN.findall(text))
    return [f"ARCHITECTURE.md: there is no {span}" for span in spans
            if not is_there(span, repository, code, protos)]


def read_all(repository, roots, suffixes):
    """Sources of what runs; a test's class may have any name."""
    return "\n".join(f.read_text() for root in roots if root != "tests"
                     for f in sorted((repository / root).rglob("*"))
                     if f.suffix in suffixes and not f.stem.endswith("_test"))


def problems(repository):
    text = (repository / "ARCHITECTURE.md").read_text()
    sources = read_all(repository, ROOTS, (".h", ".cc"))
    return problems_in(text, repository, sources, read_all(repository, ("proto",), (".proto",)))


if __name__ == "__main__":
    found = problems(pathlib.Path(sys.argv[1]))
    print("\n".join(found) or "everything that ARCHITECTURE.md names is there")
    sys.exit(1 if found else 0)
