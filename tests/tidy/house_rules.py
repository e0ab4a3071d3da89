#!/usr/bin/env python3
"""Checks the house rules of tests/tidy/README.md; prints file:line: rule: message, exits 1 on any breach."""
import os
import re
import sys

ADAPTERS = ("rpc", "store", "feed", "exec", "meter")
CODE = (".cpp", ".hpp")
TEXT = CODE + (".py", ".sh", ".md", ".txt", ".cmake", ".proto", ".yaml", ".json", ".sql", "")
FILE_LINES, FUNCTION_LINES = 400, 70
TEST_FACTOR = 2  # lists of cases and golden texts


def limit(path, lines):
    return lines * TEST_FACTOR if str(path).startswith("tests/") else lines
OPEN_ENUMS = ("rpc", "client")  # proto3 enums may hold values that this build does not know
SKIPPED_DIRECTORIES = {".git", "build", "node_modules", "__pycache__", ".cache"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# Standard headers that core may not use: I/O, threads, clocks with side effects, chance.
IMPURE_STANDARD = {"iostream", "fstream", "istream", "ostream", "filesystem", "thread", "mutex", "shared_mutex", "condition_variable",
                   "future", "atomic", "random", "ctime", "locale", "stop_token", "barrier", "latch", "semaphore"}
IMPURE_PREFIXES = ("boost/", "grpc", "google/", "sqlite3", "spdlog/", "sys/", "unistd.h", "fcntl.h", "pthread.h", "yaml-cpp/", "openssl/")
CLOCK = re.compile(r"\b(?:system_clock|steady_clock|high_resolution_clock)::now\s*\(|\brandom_device\b|\b(?:s?rand|time|gettimeofday|clock_gettime)\s*\(")
CLOCK_IN_CORE = re.compile(r"::now\s*\(|\brandom_device\b|std::(?:thread|jthread|mutex|async)\b|\b(?:fopen|getenv|printf)\s*\(")
CLOCK_FILES = re.compile(r"(?:^|/)(?:main|[a-z_]*system[a-z_]*|sampler|http)\.(?:cpp|hpp)$|^daemon/exec/shepherd/|^client/")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|Users)/[\w.]")
ALLOW = re.compile(r"//\s*tidy-allow\s+([a-z-]+):\s*\S")


class Report:
    def __init__(self):
        self.breaches = []

    def add(self, path, line, rule, message):
        self.breaches.append((path, line, rule, message))


def room_of(path):
    """"core", "app", an adapter, "main", "client", "config" or None for what has no arrows."""
    parts = path.split("/")
    if path == "daemon/exec/shepherd/main.cpp":
        return "shepherd"  # a program of its own, put together from exec and meter
    if parts[0] == "daemon":
        return parts[1] if len(parts) > 2 else "main"
    return parts[0] if parts[0] in ("client", "config") else None


def included_room(target):
    parts = target.split("/")
    if parts[0] in ADAPTERS + ("core", "app", "sim", "simulate"):
        return parts[0]
    if parts[0] == "daemon" and len(parts) > 1:
        return parts[1]
    if parts[0] in ("client", "config", "proto", "greenq"):
        return {"greenq": "proto"}.get(parts[0], parts[0])
    return None


def may_include(room, target_room):
    if room == target_room or target_room is None:
        return True
    allowed = {
        "core": set(),
        "sim": {"core"},
        "app": {"core", "config"},
        "simulate": {"core", "config", "sim", "feed"},  # a command of the program, not an adapter
        "client": {"proto", "config"},
        "config": set(),
        "rpc": {"core", "app", "proto", "config"},
        "shepherd": {"core", "app", "config", "exec", "meter"},
        "main": {"core", "app", "config", "proto", "simulate", *ADAPTERS},
    }
    return target_room in allowed.get(room, {"core", "app", "config"})


def allowed(line, rule):
    found = ALLOW.search(line)
    return found is not None and found.group(1) == rule


def strip_comments(text):
    """Blanks comments and string contents, keeping lines and columns."""
    out, state, i = [], "code", 0
    while i < len(text):
        two, c = text[i:i + 2], text[i]
        if state == "code":
            raw = re.compile(r'R"([^(\s]{0,16})\(').match(text, i)
            if raw and not (i and (text[i - 1].isalnum() or text[i - 1] == "_")):
                end = text.find(")" + raw.group(1) + '"', raw.end())
                end = len(text) if end < 0 else end + len(raw.group(1)) + 2
                out.append(re.sub(r"[^\n]", " ", text[i:end]))
                i = end
                continue
            if two == "//":
                state = "line"
            elif two == "/*":
                state = "block"
            elif c == '"':
                state = "string"
            elif c == "'" and not (i and text[i - 1].isalnum()):
                state = "char"
            out.append(c if state in ("code", "string", "char") else " ")
        elif state == "line":
            state = "code" if c == "\n" else state
            out.append(c if c == "\n" else " ")
        elif state == "block":
            if two == "*/":
                out.append("  ")
                i += 2
                state = "code"
                continue
            out.append(c if c == "\n" else " ")
        else:
            if c == "\\":
                out.append("  ")
                i += 2
                continue
            closes = c == ('"' if state == "string" else "'")
            state = "code" if closes or c == "\n" else state
            out.append(c if closes or c == "\n" else " ")
        i += 1
    return "".join(out)


def check_includes(path, lines, report):
    room = room_of(path)
    if room is None:
        return
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        target = found.group(2)
        target_room = included_room(target)
        if not may_include(room, target_room) and not allowed(line, "arrows"):
            report.add(path, number, "arrows", f"{room} must not include {target}")
        impure = target in IMPURE_STANDARD or target.startswith(IMPURE_PREFIXES)
        if room == "core" and impure and not allowed(line, "pure"):
            report.add(path, number, "pure", f"core must not include <{target}>")


def check_tokens(path, lines, code, report):
    room = room_of(path)
    if room is None:
        return
    for number, line in enumerate(code, 1):
        if room == "core" and CLOCK_IN_CORE.search(line) and not allowed(lines[number - 1], "pure"):
            report.add(path, number, "pure", "core takes time and chance as arguments and does no I/O")
        elif room == "rpc" and "system_clock::now() +" in line:
            continue  # a deadline of gRPC is a moment of the wall clock
        elif room != "core" and CLOCK.search(line) and not CLOCK_FILES.search(path) and not allowed(lines[number - 1], "clock"):
            report.add(path, number, "clock", "time and chance are arguments; only a system file may ask for them")
        if room not in OPEN_ENUMS and re.match(r"\s*default\s*:", line) and not re.search(r"//\s*default:\s*\S", lines[number - 1]):
            report.add(path, number, "default", "a switch over an enum has no default; other switches say why: // default: REASON")


FUNCTION_END = re.compile(r"[)\w>&]\s*(?:const|noexcept|override|final|mutable|->\s*[\w:<>,&* ]+|\s)*\{\s*$")


def check_functions(path, code, report):
    """A block whose opening line ends like a function head and that stands at namespace or class depth."""
    stack = []
    for number, line in enumerate(code, 1):
        for column, c in enumerate(line):
            if c == "{":
                head = line[:column]
                context = code[number - 2] + head if number > 1 and "(" not in head else head
                scope = re.search(r"\b(?:namespace|class|struct|union|enum)\b", context) is not None and "(" not in context
                function = not scope and ")" in context and not any(kind == "function" for kind, _ in stack)
                stack.append(("function" if function else "scope" if scope else "block", number))
            elif c == "}" and stack:
                kind, begin = stack.pop()
                if kind == "function" and number - begin + 1 > limit(path, FUNCTION_LINES):
                    report.add(path, begin, "length", f"function of {number - begin + 1} lines; {FUNCTION_LINES} are allowed")


def check_text(path, lines, report):
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line) and "tests/tidy/" not in path:
            report.add(path, number, "paths", "names a path of one developer's machine")
        if path.endswith(CODE) and (line != line.rstrip() or "\t" in line):
            report.add(path, number, "paths", "trailing blanks or a tab")


def check_tree(root, report):
    for required in ("README.md", "CHANGELOG.md", "LICENSE", "deploy/adr"):
        if not os.path.exists(os.path.join(root, required)):
            report.add(required, 1, "readme", "is missing")
    for parent in ("daemon", "client"):
        base = os.path.join(root, parent)
        for room in sorted(os.listdir(base)) if os.path.isdir(base) else []:
            folder = os.path.join(base, room)
            if os.path.isdir(folder) and not os.path.exists(os.path.join(folder, "README.md")):
                report.add(f"{parent}/{room}/README.md", 1, "readme", "a room says what it is, its files and contracts")


def check_http(texts, report):
    users = [path for path, text in texts.items() if path.endswith(CODE) and re.search(r"#\s*include\s*<boost/beast", text)
             and not path.startswith("tests/")]
    if len(users) > 1:
        report.add(users[1], 1, "one-http", "Boost.Beast belongs in one translation unit: " + ", ".join(users))


def read_tree(root):
    texts = {}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(d for d in folders if d not in SKIPPED_DIRECTORIES)
        for name in sorted(files):
            full = os.path.join(folder, name)
            path = os.path.relpath(full, root)
            if os.path.splitext(name)[1] not in TEXT or path.startswith("tests/golden"):
                continue
            try:
                with open(full, encoding="utf-8") as file:
                    texts[path] = file.read()
            except UnicodeDecodeError:
                continue
    return texts


def check(root):
    report = Report()
    check_tree(root, report)
    texts = read_tree(root)
    check_http(texts, report)
    for path, text in texts.items():
        lines = text.split("\n")
        check_text(path, lines, report)
        if not path.endswith(CODE):
            continue
        if len(lines) - 1 > limit(path, FILE_LINES):
            report.add(path, FILE_LINES, "length", f"file of {len(lines) - 1} lines; {FILE_LINES} are allowed")
        code = strip_comments(text).split("\n")
        check_includes(path, lines, report)
        check_tokens(path, lines, code, report)
        check_functions(path, code, report)
    return report.breaches


def main():
    breaches = check(sys.argv[1] if len(sys.argv) > 1 else ".")
    for path, line, rule, message in breaches:
        print(f"{path}:{line}: {rule}: {message}")
    print(f"{len(breaches)} breaches of the house rules")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
