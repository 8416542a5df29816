#!/usr/bin/env python3
"""What `cmake --install` puts down works for those who get it: a C program builds against the library, pages lint,
completions parse. Under a release build (as .ci/run calls it) the hardening of the program and the Debian packages are
looked at too. The build is that of VIGIL_BUILD; the installation goes to a folder of its own."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("VIGIL_BUILD", ROOT / "build" / "asan"))
CACHE = (BUILD / "CMakeCache.txt").read_text()
SANITIZE = re.search(r"^VIGIL_SANITIZE:\w+=(.*)$", CACHE, re.M).group(1)
IS_RELEASE = "CMAKE_BUILD_TYPE:STRING=Release" in CACHE and not SANITIZE
FOLDER = tempfile.TemporaryDirectory(prefix="vigil-install-")
PREFIX = Path(FOLDER.name) / "usr"


def output(*command, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))} gave {done.returncode}:\n{done.stdout}")
    return done.stdout


def installed(pattern):
    found = sorted(PREFIX.glob(pattern))
    assert found, f"nothing installed as {pattern}"
    return found


@case
def everything_is_put_down():
    output("cmake", "--install", BUILD, "--prefix", PREFIX)
    for pattern in ("bin/vigil", "lib/**/libvigil.a", "lib/**/pkgconfig/vigil.pc", "include/vigil/base/base.h",
                    "include/vigil/control.h", "share/man/man1/vigil.1", "share/man/man1/vigil-control.1",
                    "share/doc/vigil/README.md", "share/doc/vigil/docs/how-to/import.md",
                    "share/doc/vigil/examples/organization/workloads.yaml", "share/bash-completion/completions/vigil", "share/zsh/vendor-completions/_vigil",
                    "share/fish/vendor_completions.d/vigil.fish"):
        installed(pattern)


@case
def installed_program_runs_from_where_it_is():
    equal(output(PREFIX / "bin" / "vigil", "--version"), output(BUILD / "vigil", "--version"))


@case
def c_program_builds_against_the_library():
    source = PREFIX / "client.c"
    source.write_text("""#include <vigil/format.h>
#include <stdio.h>
int main(void)
{
    vg_error err;
    vg_doc doc;
    vg_arena *arena = vg_arena_new(0);
    if (vg_json_read(arena, VG_STR("{\\"answer\\": [41, 42]}"), VG_STR("text"), NULL, &doc, &err) != VG_OK)
        return 1;
    printf("%lld\\n", (long long)vg_get_path(doc.root, "answer/1")->as.i64);
    vg_arena_free(arena);
}
""")
    flags = output("pkg-config", "--cflags", "--libs", "vigil",
                   env=dict(os.environ, PKG_CONFIG_PATH=str(installed("lib/**/pkgconfig")[0]))).split()
    sanitize = [f"-fsanitize={SANITIZE}"] if SANITIZE else []
    output("gcc", "-std=c17", "-Wall", "-Werror", source, "-o", PREFIX / "client", *sanitize, *flags)
    equal(output(PREFIX / "client"), "42\n")


@case
def every_header_compiles_alone():
    """Installed headers name each other by ROOM/ROOM.h, which the include folder of the pkg-config file resolves."""
    for header in installed("include/vigil/*.h"):
        output("gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c",
               f"-I{PREFIX}/include", f"-I{PREFIX}/include/vigil", header)
        room = header.stem
        equal(header.read_bytes(), (ROOT / "src" / room / f"{room}.h").read_bytes(), room)


@case
def man_pages_lint():
    for page in installed("share/man/man1/*.1"):
        found = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
        equal(found.stdout + found.stderr, "", page.name)


@case
def man_pages_cover_every_command():
    commands = re.findall(r"^  ([a-z]+) ", output(BUILD / "vigil", "--help").partition("Commands:")[2], re.M)
    assert len(commands) > 3, commands
    for name in commands:
        text = output("mandoc", "-T", "utf8", installed(f"share/man/man1/vigil-{name}.1")[0])
        assert f"VIGIL-{name.upper()}(1)" in text, name


@case
def completions_parse_in_their_shells():
    for shell, script in (("bash", "share/bash-completion/completions/vigil"),
                          ("zsh", "share/zsh/vendor-completions/_vigil"),
                          ("fish", "share/fish/vendor_completions.d/vigil.fish")):
        output(shell, "-n", installed(script)[0])


def release_program_is_hardened():
    header, dynamic = output("readelf", "-hl", BUILD / "vigil"), output("readelf", "-d", BUILD / "vigil")
    symbols = output("readelf", "--dyn-syms", "-W", BUILD / "vigil")
    for what, holds in {
        "position independent": "Type:                              DYN" in header,
        "relocations read-only": "GNU_RELRO" in header,
        "bound at start": "BIND_NOW" in dynamic,
        "stack not executable": re.search(r"GNU_STACK.*\n.* RW ", header) is not None,
        "stack protector": "__stack_chk_fail" in symbols,
        "fortified": re.search(r"__(mem|str|v?f?s?n?printf)\w*_chk", symbols) is not None,
        "no text relocations": "TEXTREL" not in dynamic,
    }.items():
        assert holds, f"the program is not: {what}"


def release_objects_have_control_flow_protection():
    """Debian 12's own start-up object lacks the note, and so does every program linked with it; ours all have it."""
    for archive in ("libvigil.a", "libvg_cli.a", "libvg_content.a"):
        notes = output("readelf", "-n", BUILD / archive)
        equal(notes.count("IBT, SHSTK"), notes.count("File: "), archive)
        assert notes.count("File: ") > 0, archive


def release_program_holds_no_path_of_this_machine():
    assert str(ROOT).encode() not in (BUILD / "vigil").read_bytes()


def debian_packages_hold_program_and_library():
    with tempfile.TemporaryDirectory() as folder:
        output("cpack", "-G", "DEB", "-B", folder, cwd=BUILD)
        packages = {p.name.split("_")[0]: p for p in Path(folder).glob("*.deb")}
        equal(sorted(packages), ["libvigil-dev", "vigil"])
        files = output("dpkg-deb", "-c", packages["vigil"])
        for path in ("./usr/bin/vigil", "./usr/share/man/man1/vigil.1", "./usr/share/fish/vendor_completions.d/vigil.fish"):
            assert f"{path}\n" in files, path
        depends = output("dpkg-deb", "-f", packages["vigil"], "Depends")
        for library in ("libyaml-0-2", "libsqlite3-0", "libarchive13", "libc6"):
            assert library in depends, f"{library} not in {depends}"
        files = output("dpkg-deb", "-c", packages["libvigil-dev"])
        assert "libvigil.a\n" in files and "vigil.pc\n" in files and "./usr/include/vigil/control.h -> " in files


if IS_RELEASE:
    for check in (release_program_is_hardened, release_objects_have_control_flow_protection,
                  release_program_holds_no_path_of_this_machine, debian_packages_hold_program_and_library):
        case(check)
run()
