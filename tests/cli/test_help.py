#!/usr/bin/env python3
"""The real commands: each has help with a description and examples, its examples name commands and options that exist,
bash completes them, and docs/reference/cli.md is what the program prints."""
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))


def vigil(*arguments):
    done = subprocess.run([VIGIL, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          env={"COLUMNS": "100", "PATH": os.environ["PATH"]})
    return done.returncode, done.stdout, done.stderr


def section(text, title):
    match = re.search(rf"^{title}:\n(.*?)(?=^\S|\Z)", text, re.M | re.S)
    return match.group(1) if match else ""


def commands_in(text):
    return re.findall(r"^  ([a-z][a-z-]*) {2,}\S", section(text, "Commands"), re.M)


def options_in(text):
    return set(re.findall(r"^ {2,6}(?:-\w, )?--([a-z-]+)", text, re.M))


def all_commands(path=()):
    for name in commands_in(vigil(*path, "--help")[1]):
        yield (*path, name)
        yield from all_commands((*path, name))


COMMANDS = list(all_commands())


@case
def every_command_has_help_with_a_description():
    assert ("control",) in COMMANDS and ("import",) in COMMANDS, COMMANDS
    for path in COMMANDS:
        code, out, err = vigil(*path, "--help")
        equal((code, err), (0, ""), path)
        assert f"Usage: vigil {' '.join(path)}" in out, path
        equal(vigil("help", *path)[1], out, path)
        widest = max(len(line) for line in out.splitlines() if "$ vigil" not in line)
        assert widest <= 100, f"{path}: {widest} columns"


@case
def every_command_that_runs_has_examples():
    for path in COMMANDS:
        out = vigil(*path, "--help")[1]
        if not commands_in(out):
            assert section(out, "Examples"), f"vigil {' '.join(path)} --help has no examples"


def words_of(example):
    """The words behind 'vigil' of each vigil in a command line, up to a pipe, redirection or the like."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words, inside = [], False
    for word in lexer:
        if word == "vigil" and not inside:
            inside, current = True, []
            words.append(current)
        elif inside and re.fullmatch(r"[|;&<>()]+", word):
            inside = False
        elif inside:
            current.append(word)
    return words


@case
def examples_use_commands_and_options_that_exist():
    for path in COMMANDS:
        for example in re.findall(r"^    \$ (.*)$", section(vigil(*path, "--help")[1], "Examples"), re.M):
            for words in words_of(example):
                check_example(example, words)


def check_example(example, words):
    found = ()
    for word in words:
        if (*found, word) not in COMMANDS:
            break
        found = (*found, word)
    assert found or words[0] in ("--version", "--help"), f"no command in: {example}"
    known = options_in(vigil(*found, "--help")[1])
    for word in words:
        if word.startswith("--") and word != "--":
            assert word[2:].split("=")[0] in known, f"no option {word} in: {example}"


@case
def reference_is_what_the_program_prints():
    equal((ROOT / "docs" / "reference" / "cli.md").read_text(), vigil("help", "--markdown")[1],
          "docs/reference/cli.md: run tools/generated.sh")


def bash_script(line):
    words = line.split(" ")
    return (f"source <({shlex.quote(VIGIL)} completion bash); compopt() {{ :; }}; "
            f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}; _vigil; "
            'printf "%s\\n" "${COMPREPLY[@]}"')


def fish_script(line):
    return f"{shlex.quote(VIGIL)} completion fish | source; complete -C {shlex.quote(line)}"


def zsh_script(line):
    """Zsh completes inside its line editor alone, so _describe and _arguments are played: the first offers the names of
    what it is given, the second the options, and the values of the option or word that is being completed."""
    words = line.split(" ")
    return (f"compdef() {{ : }}; source <({shlex.quote(VIGIL)} completion zsh); "
            "_describe() { print -l -- ${commands%%:*} | grep -e \"^${words[CURRENT]}\" }; "
            "_arguments() { local before=${words[CURRENT-1]} now=${words[CURRENT]} spec; shift; for spec; do "
            "  if [[ $spec == ${~before}=*\\(*\\) && $before == --* ]]; then print -l ${=${${spec##*\\(}%\\)}}; return; fi; done; "
            "  for spec; do "
            "    if [[ $spec == :* || $spec == [A-Z*]*:* && $now != -* && $spec == *\\(*\\) ]]; then print -l ${=${${spec##*\\(}%\\)}}; fi; "
            "    if [[ $spec == *_files && $spec != *--* && $now != -* ]]; then print -l -- $now*(N); fi; "
            "    if [[ $now == -* ]]; then print -- ${${${spec#\\*}%%\\[*}%=}; fi; done }; "
            f"words=({' '.join(shlex.quote(w) for w in words)}); CURRENT={len(words)}; _vigil")


def complete(shell, line):
    """What the shell offers for a command line, its last word unfinished."""
    command = {"bash": ["bash", "--norc", "-c", bash_script(line)],
               "fish": ["fish", "--no-config", "-c", fish_script(line)],
               "zsh": ["zsh", "-f", "-c", zsh_script(line)]}[shell]
    try:
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                                  cwd=ROOT, env=dict(os.environ, HOME=home, TERM="dumb"))
    except FileNotFoundError:
        skip(f"{shell} is not installed")
    equal(done.stderr, "", f"{shell}: {line}")
    return {word.split("\t")[0].rstrip("/") for word in done.stdout.splitlines() if word}


COMPLETIONS = [
    # a command line, what must be offered, what must not
    ("vigil comp", {"completion"}, {"control"}),
    ("vigil ", {"import", "control"}, {"bash"}),
    ("vigil completion ", {"bash", "zsh", "fish"}, {"review"}),
    ("vigil control ", {"test", "eval"}, {"review"}),
    ("vigil control eval --form", {"--format"}, {"review"}),
    ("vigil control eval --format ", {"table", "json", "sarif", "junit"}, {"--format"}),
    ("vigil control eval --color ", {"auto", "always", "never"}, {"json"}),
    ("vigil --workspace x control eval --form", {"--format"}, {"--script"}),
    ("vigil import CMakeL", {"CMakeLists.txt"}, {"docs"}),
    ("vigil help rev", set(), {"--format"}),
]


def check_completions(shell):
    for line, offered, absent in COMPLETIONS:
        got = complete(shell, line)
        assert offered <= got and not absent & got, f"{shell}: '{line}' offers {sorted(got)}, wanted {sorted(offered)}"


@case
def bash_completes_commands_options_and_values():
    check_completions("bash")


@case
def fish_completes_commands_options_and_values():
    check_completions("fish")


@case
def zsh_completes_commands_options_and_values():
    check_completions("zsh")


run()
