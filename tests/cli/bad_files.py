"""bad_files.py: files that a hostile or unlucky user imports, and the one line that each must give.

A row: name, the files, the exit code, the lines expected (regular expressions, in their order). The import of each row
also gets a good file, which must be imported whatever the others were, into a workspace that must still hold
everything that it held. Where a row expects exit 0 the file must be read as if nothing were special about it."""
import gzip
import io
import json
import tarfile
import zipfile

from bad_world import ACCOUNTS, MANAGEMENT, MEMBER, ORGANIZATION, POLICY, account, envelope, finding, organization, unit

TEXT = json.dumps(ACCOUNTS)
CRLF = json.dumps(ACCOUNTS, indent=2).replace("\n", "\r\n") + "\r\n"
ROOT = envelope("organizations:ListRoots", {"Roots": [
    {"Id": "r-abcd", "Arn": f"arn:aws:organizations::{MANAGEMENT}:root/{ORGANIZATION}/r-abcd", "Name": "Root",
     "PolicyTypes": []}]})
REPORT = ("user,arn,user_creation_time,password_enabled\r\n"
          f"<root_account>,arn:aws:iam::{MANAGEMENT}:root,2020-01-01T00:00:00+00:00,not_supported\r\n")


def archive(*names, mode="w:gz"):
    """A tar in which each name holds TEXT."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(TEXT), 1763600000
            tar.addfile(entry, io.BytesIO(TEXT.encode()))
        for name, kind in (("link", tarfile.SYMTYPE), ("pipe", tarfile.FIFOTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            tar.addfile(entry)
    return out.getvalue()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(zipfile.ZipInfo(name, (2025, 11, 20, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def gzip_bomb():
    """A megabyte of gzip that becomes a gigabyte: members that each hold a megabyte of spaces, again and again."""
    return gzip.compress(b" " * (1 << 20), 9, mtime=0) * 1025


def under(parent, *units):
    return envelope("organizations:ListOrganizationalUnitsForParent", {"OrganizationalUnits": list(units)},
                    {"ParentId": parent})


A, B = "ou-abcd-11111111", "ou-abcd-22222222"
POLICIES = [envelope("iam:GetAccountPasswordPolicy", {"PasswordPolicy": {"MinimumPasswordLength": n}}, account=MEMBER)
            for n in (8, 9)]
ATTESTATION = "attestations:\n  - {kind: threat-feeds, statement: s, owner: o, date: %s, expires: %s}\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefg", "bcdefgh")) + "workloads: *h\n"
CUT = r"cut off; partly written: export it again$"
NAME = r"^vigil: \S*/bad/list-accounts\.json: "

FILES = [
    # ---- truncated, partly written, empty
    ("truncated", {"list-accounts.json": TEXT[:200]}, 3, [NAME + r"error: line 1, column 201: .*" + CUT]),
    ("truncated_in_lines", {"a.jsonl": POLICIES[0] + POLICIES[1][:90] + "\n"}, 3,
     [r"/a\.jsonl:2: error: .*partly written: export it again$"]),
    ("partly_written_with_zeroes", {"list-accounts.json": TEXT[:100].encode() + bytes(4096)}, 3, [NAME + r"error: line 1"]),
    ("zeroes", {"list-accounts.json": bytes(4096)}, 3, [NAME + r"not-supported: neither JSON, YAML, CSV nor"]),
    ("empty", {"list-accounts.json": ""}, 3, [NAME + r"error: empty: the command that wrote it failed; run it again"]),
    ("more_pages_to_come", {"list-accounts.json": {**ACCOUNTS, "NextToken": "x"}}, 3, [NAME + r"not in full: .*NextToken"]),
    ("gzip_truncated", {"l.json.gz": gzip.compress(TEXT.encode(), mtime=0)[:60]}, 3,
     [r"/l\.json\.gz: error: gzip data that is damaged or cut off; fetch the file again$"]),
    ("gzip_with_a_wrong_checksum", {"l.json.gz": gzip.compress(TEXT.encode(), mtime=0)[:-8] + b"12345678"}, 3,
     [r"gzip data that is damaged or cut off"]),
    ("gzip_that_is_none", {"list-accounts.json.gz": TEXT}, 0, []),
    ("tar_truncated", {"x.tar.gz": archive("a.json")[:100]}, 3, [r"/x\.tar\.gz: error: gzip data that is damaged or cut off"]),
    ("tar_cut_in_an_entry", {"x.tar": archive("a.json", mode="w")[:600]}, 3,
     [r"/x\.tar: error: archive that is damaged or cut off.*; fetch it again$"]),
    # ---- oversized
    ("gzip_bomb", {"l.json.gz": gzip_bomb()}, 3,
     [r"/l\.json\.gz: error: decompresses to more than the limit of \d{9} bytes; split it, or leave it out$"]),
    ("zip_in_zip_in_zip", {"x.zip": zipped({"y.zip": zipped({"z.zip": zipped({"l.json": TEXT})})})}, 3,
     [r"z\.zip: error: an archive within an archive within an archive; unpack it$"]),
    ("alias_bomb", {"workloads.yaml": BOMB}, 3, [r"/workloads\.yaml: error: line 7, column \d+: aliases and merge keys copy more than"]),
    ("long_number", {"list-accounts.json": {"Accounts": [], "x": 0}, "n.json": '{"PasswordPolicy": {"MinimumPasswordLength": 1'
                     + "0" * 100000 + "}}"}, 3, [r"/n\.json: "]),
    # ---- encodings
    ("not_utf8", {"list-accounts.json": TEXT.replace("prod", "pr\u00f6d").encode("latin-1")}, 3,
     [NAME + r"error: line 1, column \d+: JSON text is not well-formed UTF-8 here; export it again$"]),
    ("nul_in_a_string", {"list-accounts.json": TEXT.replace("prod", "pr\0d")}, 3, [NAME + r"error: line 1, column \d+: control character.*; export it again$"]),
    ("byte_order_mark", {"list-accounts.json": b"\xef\xbb\xbf" + TEXT.encode()}, 0, []),
    ("utf16_of_powershell", {"list-accounts.json": ("\ufeff" + CRLF).encode("utf-16-le")}, 0, []),
    ("utf16_big_endian", {"list-accounts.json": ("\ufeff" + CRLF).encode("utf-16-be")}, 0, []),
    ("utf16_cut_in_a_character", {"list-accounts.json": ("\ufeff" + CRLF).encode("utf-16-le")[:-1]}, 3, [NAME + r"error: .*UTF-8|error: .*UTF-16"]),
    ("utf16_credential_report", {"report.csv": ("\ufeff" + REPORT).encode("utf-16-le")}, 0, []),
    # ---- nesting
    ("deep_arrays", {"list-accounts.json": "[" * 100000 + "]" * 100000}, 3, [NAME + r"error: line 1, column \d+: JSON document is nested deeper"]),
    ("deep_objects", {"list-accounts.json": '{"a":' * 100000 + "1" + "}" * 100000}, 3, [NAME + r"error: line 1, column \d+: JSON document is nested deeper"]),
    ("deep_yaml", {"workloads.yaml": "workloads: " + "[" * 50000}, 3, [r"/workloads\.yaml: error: line 1, column \d+: .*deep"]),
    # ---- the organisation
    ("cyclic_ou", {"a.jsonl": ROOT + under(B, unit(A, "A")) + under(A, unit(B, "B"))}, 3,
     [rf"/a\.jsonl: warning: {A} is its own ancestor: exports of different times are mixed; export the organisation's tree again$"]),
    ("ou_under_itself", {"a.jsonl": ROOT + under(A, unit(A, "A"))}, 3, [rf"warning: {A} is its own ancestor"]),
    ("duplicated_account", {"list-accounts.json": {"Accounts": [account(MANAGEMENT, "management"), account(MEMBER), account(MEMBER, "other")]}}, 3,
     [NAME + rf"warning: tells of {MEMBER} twice, and differently; the later was taken: export it again$"]),
    ("two_organisations", {"o.json": organization("o-zzzzzzzzzz", "999988887777")}, 3,
     [r"/o\.json: error: is of organisation o-zzzzzzzzzz, but this workspace is of o-abcdefghij: import it into a workspace of its own"]),
    ("contradictory", {"a.jsonl": "".join(POLICIES)}, 3,
     [r"/a\.jsonl:2: warning: contradicts \S*/a\.jsonl, which answers the same question at the same time; this one, the later, was taken: remove the wrong one$"]),
    ("account_under_two_parents", {"a.jsonl": ROOT + under("r-abcd", unit(B, "B"))
                                   + envelope("organizations:ListAccountsForParent", {"Accounts": [account(MEMBER)]}, {"ParentId": "r-abcd"})
                                   + envelope("organizations:ListParents", {"Parents": [{"Id": B, "Type": "ORGANIZATIONAL_UNIT"}]}, {"ChildId": MEMBER})},
     3, [rf"/a\.jsonl:4: warning: puts {MEMBER} under {B}, but \S+ puts it under r-abcd: export both again$"]),
    # ---- times
    ("future_envelope", {"a.jsonl": envelope("iam:GetAccountSummary", {"SummaryMap": {"Users": 1}}, time="2099-01-01T00:00:00Z")}, 3,
     [r"error: dated 2099-01-01T00:00:00Z, which is in the future; correct the date, or say what time it is with --now$"]),
    ("future_finding", {"f.json": {"Findings": [finding(Id="f-2", UpdatedAt="2099-01-01T00:00:00Z")]}}, 3, [r"/f\.json: .*1 findings .*in the future"]),
    ("envelope_of_no_time", {"a.jsonl": envelope("iam:GetAccountSummary", {"SummaryMap": {"Users": 1}}, time="yesterday")}, 3,
     [r"error: the envelope's time is no RFC 3339 time such as"]),
    ("attestation_of_the_future", {"a.yaml": ATTESTATION % ("2099-01-01", "2100-01-01")}, 3, [r"/a\.yaml: not in full: attestation 1 \(threat-feeds\) has a date in the future"]),
    ("attestation_that_ends_first", {"a.yaml": ATTESTATION % ("2026-06-01", "2026-01-01")}, 3, [r"attestation 1 \(threat-feeds\) expires before its own date$"]),
    ("attestation_of_no_date", {"a.yaml": ATTESTATION % ("2026-13-45", "never")}, 3, [r"attestation 1 \(threat-feeds\) has a date that is none, such as"]),
    # ---- other outputs of the CLI
    ("output_text", {"list-accounts.json": f"ACCOUNTS\tarn:x\tx@example.com\t{MEMBER}\tCREATED\t2025-01-01\tprod\tACTIVE\n"}, 3,
     [NAME + r"not-supported: looks like the CLI's --output text, which drops the names of fields; export it again with --output json$"]),
    ("output_table", {"list-accounts.json": "------\n|  ListAccounts  |\n+----+\n"}, 3, [NAME + r"not-supported: looks like the CLI's --output table.*--output json$"]),
    ("output_yaml", {"list-accounts.json": f"Accounts:\n- Arn: {account(MEMBER)['Arn']}\n  Email: x@example.com\n  Id: '{MEMBER}'\n  Name: prod\n  Status: ACTIVE\n"}, 0, []),
    ("an_error_instead_of_an_answer", {MEMBER + "/p.json": "\nAn error occurred (AccessDenied) when calling the GetAccountPasswordPolicy operation: no\n"}, 3,
     [r"not-assessed: .*AccessDenied.*give the role that permission"]),
    ("nobody_says_whose", {"p.json": POLICY}, 3, [r"/p\.json: not-supported: looks like iam:GetAccountPasswordPolicy, but nothing says which account it is of; put it into"]),
    ("no_answer_of_aws", {"p.json": {"hello": 1}}, 3, [r"/p\.json: not-supported: no operation that import reads answers like this \(first key 'hello'\)"]),
    # ---- envelopes and mappings that lie
    ("envelope_of_a_wrong_account", {"a.jsonl": envelope("iam:GetAccountSummary", {"SummaryMap": {}}, account="12")}, 3, [r"the envelope's account '12' is not 12 digits$"]),
    ("envelope_of_another_answer", {"a.jsonl": envelope("iam:GetAccountSummary", {"Accounts": []})}, 3, [r"the envelope says iam:GetAccountSummary, but its output is not that operation's answer$"]),
    ("mapping_of_a_wrong_account", {"w.yaml": 'workloads:\n  - {name: a, environments: [{name: p, accounts: ["12"]}]}\n'}, 3,
     [r"/w\.yaml: error: line 2, column \d+: '12' is not an account id: 12 digits, in quotes$"]),
    ("mapping_twice", {"w.yaml": "workloads:\n  - {name: a, environments: []}\n  - {name: a, environments: []}\n"}, 3, [r"/w\.yaml: error: line 3, column \d+: the workload 'a' is there twice"]),
    ("mapping_of_a_syntax_error", {"w.yaml": "workloads:\n\t- name: a\n"}, 3, [r"/w\.yaml: error: line 2, column 1: YAML: .*indent with spaces, not tabs$"]),
    ("mapping_in_itself", {"w.yaml": "workloads: &a\n  - {name: x, function: *a}\n"}, 3, [r"/w\.yaml: error: line 2, column \d+: \*a stands inside its own anchor$"]),
    # ---- names
    ("tar_that_climbs_out", {"x.tar.gz": archive("../../../../tmp/evil.json", "/tmp/evil.json", "in/list-accounts.json")}, 3,
     [r"/x\.tar\.gz: error: a name that leaves the archive's folder: '\.\./\.\./\.\./\.\./tmp/evil\.json'; skipped$",
      r"/x\.tar\.gz: error: a name that leaves the archive's folder: '/tmp/evil\.json'; skipped$"]),
    ("zip_that_climbs_out", {"x.zip": zipped({"../evil.json": TEXT, "in/list-accounts.json": TEXT})}, 3, [r"/x\.zip: error: a name that leaves the archive's folder: '\.\./evil\.json'; skipped$"]),
    ("name_of_escapes", {"\x1b[31mred\nline.json": '{"a":'}, 3, [r"/\\x1b\[31mred\\nline\.json: error: line 1"]),
    ("name_of_bidi", {"\u202egpj.json": '{"a":'}, 3, [r"/\\u202egpj\.json: error: line 1"]),
    ("name_of_no_utf8", {b"\xff.json".decode("utf-8", "surrogateescape"): '{"a":'}, 3, [r"/\\xff\.json: error: line 1"]),
    ("name_of_dashes", {"--help": TEXT, "-": TEXT}, 0, []),
]
