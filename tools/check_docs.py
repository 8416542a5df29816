#!/usr/bin/env python3
"""Checks the links of every Markdown file of the tree: a relative link leads to a file that is there, and its #anchor to a
heading of it; and every page of docs/ is linked from another. Links to other sites are not followed."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
CODE = re.compile(r"`[^`\n]*`")


def anchors_of(text):
    """GitHub's anchors: lower case, punctuation dropped, spaces to dashes, repeats numbered."""
    seen, anchors = {}, set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", FENCE.sub("", text), re.M):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower()).replace(" ", "-")
        count = seen.get(plain, 0)
        seen[plain] = count + 1
        anchors.add(f"{plain}-{count}" if count else plain)
    return anchors


def links_of(text):
    return LINK.findall(CODE.sub("", FENCE.sub("", text)))


def problem_of(page, link):
    if re.match(r"^[a-z]+:", link):
        return None
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return "leads nowhere"
    if not target.is_relative_to(ROOT):
        return "leads out of the project"
    if anchor and target.suffix == ".md" and anchor not in anchors_of(target.read_text(encoding="utf-8")):
        return f"no heading gives #{anchor}"
    return None


def main():
    pages = [p for p in sorted(ROOT.rglob("*.md")) if p.relative_to(ROOT).parts[0] not in ("build", ".git")]
    problems = links = 0
    linked = {ROOT / "docs" / "README.md"}
    for page in pages:
        for link in links_of(page.read_text(encoding="utf-8")):
            links += 1
            linked.add((page.parent / link.partition("#")[0]).resolve())
            problem = problem_of(page, link)
            if problem:
                problems += 1
                print(f"{page.relative_to(ROOT)}: ({link}) {problem}")
    for page in pages:
        if page.is_relative_to(ROOT / "docs") and page not in linked:
            problems += 1
            print(f"{page.relative_to(ROOT)}: no page links here; docs/README.md is the index")
    print(f"{len(pages)} pages, {links} links, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
