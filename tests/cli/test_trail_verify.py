#!/usr/bin/env python3
"""`vigil trail verify` over chains that were signed with a key of our own and then broken, in every way that was thought of.

Each case breaks a copy of one chain of four hours (d1 starts it, with two logs; d3 is of an hour in which nothing happened)
and says what must be told of which file, and the exit code; whatever it does not name must be valid, and nothing else may
be told. The last suite is AWS's form from outside: a chain that was not signed by this code."""
import atexit
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from digest_chain import BUCKET, Chain, Key, path_of, put, sha256  # noqa: E402
from tap import case, equal, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
DATA = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data")) / "log-samples" / "cloudtrail-digest"
HOME = Path(tempfile.mkdtemp(prefix="vigil-verify-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
NOW = "2026-01-07T00:00:00Z"

KEY, OTHER_KEY = Key(HOME, "aws"), Key(HOME, "other")


def four_hours(key=KEY, **where):
    chain = Chain(key, **where)
    for logs in (2, 1, 0, 1):
        chain.digest(logs=logs)
    return chain


CHAIN = four_hours()
D1, D2, D3, D4 = CHAIN.digests
L1A, L1B = (place for place, _ in D1.logs)
L2, L4 = D2.logs[0][0], D4.logs[0][0]
CHAIN.write(HOME / "bare")
CHAIN.write(HOME / "with-head", heads=[D4])
CHAIN.write(HOME / "with-heads", heads=CHAIN.digests)


def keys_file(*keys, name="keys.json"):
    path = HOME / name
    path.write_text(json.dumps({"PublicKeyList": [key if isinstance(key, dict) else key.listed() for key in keys]}))
    return str(path)


KEYS = keys_file(KEY)


def world(start="with-head"):
    folder = HOME / "world"
    shutil.rmtree(folder, ignore_errors=True)
    if start:
        shutil.copytree(HOME / start, folder)
    else:
        folder.mkdir()
    return folder


def vigil(folder, *words, keys=KEYS, now=NOW):
    given = ("--keys", keys) if keys else ()
    done = subprocess.run([VIGIL, "trail", "verify", str(folder), *given, "--now", now, *words], capture_output=True,
                          text=True)
    return done


def verdicts(folder, *words, code, keys=KEYS, now=NOW):
    """{object or file's name: "verdict: reason"} of all that is not valid, and the number of what is."""
    done = vigil(folder, *words, "--verbose", "--format", "json", keys=keys, now=now)
    assert done.returncode in (0, 1, 3), done.stderr
    told, valid = {}, set()
    answer = json.loads(done.stdout)
    for one in answer["results"]:
        name = one.get("object") or Path(one.get("file", one["kind"])).name
        if one["verdict"] == "valid":
            valid.add((one["kind"], name))
        else:
            told[name if one["kind"] != "gap" else "gap"] = f"{one['verdict']}: {one.get('reason', '')}"
    if done.returncode != code:
        raise AssertionError(f"exit {done.returncode}, expected {code}\n{done.stdout}\n{done.stderr}")
    return told, valid, answer


def check(folder, expected, *words, code, valid=None, keys=KEYS, now=NOW):
    """`expected`: {place: how its telling begins}."""
    told, good, answer = verdicts(folder, *words, code=code, keys=keys, now=now)
    wrong = {place: text for place, text in told.items() if not text.startswith(expected.get(place, "\0"))}
    absent = {place: text for place, text in expected.items() if place not in told}
    if wrong or absent:
        raise AssertionError(f"told, and not expected: {json.dumps(wrong, indent=1)}\n"
                             f"expected, and not told: {json.dumps(absent, indent=1)}")
    if valid is not None:
        equal(len(good), valid, f"valid: {sorted(good)}")
    return answer


def edit(folder, place, change):
    path = path_of(folder, place)
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))


def edit_digest(folder, digest, change):
    def changed(text):
        content = json.loads(text)
        change(content)
        return json.dumps(content, separators=(",", ":")).encode()
    edit(folder, digest.object, changed)


def remove(folder, *places):
    for place in places:
        for path in (path_of(folder, place), path_of(folder, place + ".head.json")):
            path.unlink(missing_ok=True)


NO_SIGNATURE = "not assessed: its signature is metadata"
FAILED = "invalid: signature verification failed"
DIGEST_INVALID = "not assessed: its digest is INVALID"
DIGEST_UNKNOWN = "not assessed: its digest is not assessed"

# ---- what was not touched -------------------------------------------------------------------------------------------


@case
def an_untouched_chain_is_valid():
    check(world(), {}, code=0, valid=8)


@case
def the_newest_digest_without_metadata_is_not_assessed():
    check(world("bare"), {D4.object: NO_SIGNATURE, L4: DIGEST_UNKNOWN}, code=3, valid=6)


@case
def metadata_is_read_in_every_form():
    forms = {
        "head-object": D4.head(),
        "headers": {"x-amz-meta-signature": D4.signature, "x-amz-meta-signature-algorithm": "SHA256withRSA"},
        "headers, as HTTP/1 writes them": {"X-Amz-Meta-Signature": D4.signature},
        "envelope": {"vigil": "envelope/1", "operation": "s3:HeadObject", "output": D4.head()},
    }
    for name, form in forms.items():
        folder = world("bare")
        put(folder, D4.object + ".head.json", json.dumps(form).encode())
        try:
            check(folder, {}, code=0, valid=8)
        except AssertionError as wrong:
            raise AssertionError(f"{name}: {wrong}") from wrong


@case
def metadata_stands_beside_a_file_that_was_uncompressed():
    folder = world("bare")
    path = path_of(folder, D4.object)
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.unlink()
    put(folder, D4.object[:-3] + ".head.json", json.dumps(D4.head()).encode())
    check(folder, {}, code=0, valid=8)


@case
def logs_are_hashed_by_what_is_in_them():
    folder = world()
    path = path_of(folder, L1A)
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text[:10], 1) + gzip.compress(text[10:], 9))
    plain = path_of(folder, L1B)
    plain.with_suffix("").write_bytes(gzip.decompress(plain.read_bytes()))
    plain.unlink()
    check(folder, {}, code=0, valid=8)


@case
def a_part_of_the_bucket_is_verified_where_it_stands():
    for below in (BUCKET, f"{BUCKET}/AWSLogs", f"{BUCKET}/AWSLogs/111122223333"):
        check(world() / below, {}, code=0, valid=8)
    flat = HOME / "flat"
    shutil.rmtree(flat, ignore_errors=True)
    flat.mkdir()
    for path in world().rglob("*.json*"):
        shutil.copy(path, flat)
    check(flat, {}, code=0, valid=8)
    equal(subprocess.run([VIGIL, "trail", "verify", ".", "--keys", KEYS], cwd=world(), capture_output=True).returncode, 0)


@case
def a_chain_that_starts_anew_is_legitimate_and_told():
    chain = Chain(KEY)
    for options in ({}, {}, {"starts": True, "skip": 5}, {}):
        chain.digest(**options)
    folder = world(None)
    chain.write(folder, heads=[chain.digests[1], chain.digests[3]])
    answer = check(folder, {"gap": "note"}, code=0, valid=8)
    gap = next(r for r in answer["results"] if r["kind"] == "gap")
    equal((gap["from"], gap["to"]), ("2026-01-05T02:00:00Z", "2026-01-05T07:00:00Z"))
    text = vigil(folder).stdout
    assert ("No log files were delivered by CloudTrail between 2026-01-05T02:00:00Z and 2026-01-05T07:00:00Z\n"
            in text), text
    remove(folder, chain.digests[1].object)  # the end of the first part: nothing names it
    check(folder, {"gap": "note", chain.digests[0].object: NO_SIGNATURE, chain.digests[0].logs[0][0]: DIGEST_UNKNOWN,
                   Path(chain.digests[1].logs[0][0]).name: "not assessed: no digest names it"}, code=3, valid=4)


@case
def a_backfill_digest_stands_beside_the_chain():
    chain = four_hours()
    chain.hour = 1
    late = chain.digest(logs=2, backfill=True)
    folder = world(None)
    chain.write(folder, heads=[chain.digests[-1], late], extra=[late])
    answer = check(folder, {}, code=0, valid=11)
    equal(answer["chains"][0]["backfill_digests"]["valid"], 1)
    assert "(backfill) Digest file\ts3://" in vigil(folder, "--verbose").stdout
    assert "1/1 backfill digest files valid" in vigil(folder).stdout
    path_of(folder, late.object + ".head.json").unlink()
    check(folder, {late.object: NO_SIGNATURE, **{place: DIGEST_UNKNOWN for place, _ in late.logs}}, code=3, valid=8)


@case
def trails_regions_accounts_and_organisations_have_chains_of_their_own():
    folder = world(None)
    places = ({}, {"trail": "second"}, {"trail": "with_underscore", "home": "us-east-1"}, {"region": "us-east-1"},
              {"account": "444455556666", "organization": "o-exampleorg"}, {"prefix": "some/prefix", "trail": "third"})
    for where in places:
        chain = four_hours(**where)
        chain.write(folder, heads=[chain.digests[-1]])
    answer = check(folder, {}, code=0, valid=8 * len(places))
    equal([(c.get("organization", ""), c["account"], c["region"], c["trail"], c["home_region"], c["digests"]["valid"])
           for c in answer["chains"]],
          [("", "111122223333", "eu-west-1", "main", "eu-west-1", 4),
           ("", "111122223333", "eu-west-1", "second", "eu-west-1", 4),
           ("", "111122223333", "eu-west-1", "third", "eu-west-1", 4),
           ("", "111122223333", "eu-west-1", "with_underscore", "us-east-1", 4),
           ("", "111122223333", "us-east-1", "main", "eu-west-1", 4),
           ("o-exampleorg", "444455556666", "eu-west-1", "main", "eu-west-1", 4)])
    remove(folder, D2.object)  # in one of them
    told, _, answer = verdicts(folder, code=1)
    equal(told[D2.object], "missing: not found")
    equal([c["digests"]["missing"] for c in answer["chains"]], [1, 0, 0, 0, 0, 0])


# ---- logs that were touched -----------------------------------------------------------------------------------------


@case
def a_changed_log_is_invalid():
    for change in (lambda text: text.replace(b"GetObject", b"PutObject"), lambda text: text + b"\n", lambda text: b""):
        folder = world()
        edit(folder, L2, change)
        check(folder, {L2: "invalid: hash value doesn't match"}, code=1, valid=7)


@case
def a_bit_flipped_anywhere_in_a_log_file_is_never_valid():
    data = bytearray(path_of(HOME / "bare", L2).read_bytes())
    for at in range(12, len(data) - 8, 7):  # behind gzip's header, whose time and system are not content
        folder = world()
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        path_of(folder, L2).write_bytes(flipped)
        try:
            text = gzip.decompress(bytes(flipped))
        except Exception:  # whatever gzip makes of it
            text = None
        if text is not None and sha256(text) == sha256(D2.logs[0][1]):
            continue
        told, _, _ = verdicts(folder, code=1)
        assert told[L2].startswith("invalid: "), (at, told)


@case
def a_truncated_log_is_of_an_invalid_format():
    for keep in (0.5, 0.99):
        folder = world()
        path = path_of(folder, L2)
        data = path.read_bytes()
        path.write_bytes(data[:int(len(data) * keep)])
        check(folder, {L2: "invalid: invalid format"}, code=1, valid=7)


@case
def a_deleted_log_is_missing():
    folder = world()
    remove(folder, L1A)
    answer = check(folder, {L1A: "missing: not found"}, code=1, valid=7)
    equal(answer["chains"][0]["logs"], {"valid": 3, "invalid": 0, "missing": 1, "not_assessed": 0})
    done = vigil(folder)
    assert f"Log file\ts3://{BUCKET}/{L1A}\tINVALID: not found\n" in done.stdout, done.stdout
    assert "3/4 log files valid, 1/4 log files INVALID\n" in done.stdout, done.stdout


@case
def a_log_in_another_place_is_missing_from_its_own():
    folder = world()
    path = path_of(folder, L1A)
    (folder / "elsewhere").mkdir()
    path.rename(folder / "elsewhere" / path.name)
    check(folder, {L1A: "missing: not found (a file of its name is at "}, code=1, valid=7)


@case
def a_copy_of_a_log_that_differs_is_not_hidden_by_one_that_does_not():
    folder = world()
    path = path_of(folder, L2)
    plain = path.with_suffix("")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    check(folder, {}, code=0, valid=8)
    plain.write_bytes(plain.read_bytes() + b" ")
    check(folder, {L2: "invalid: hash value doesn't match"}, code=1, valid=7)


@case
def a_log_that_no_digest_names_is_not_assessed():
    folder = world()
    planted = L2.replace("0105Z_", "0133Z_")
    put(folder, planted, gzip.compress(b"{}"))
    check(folder, {Path(planted).name: "not assessed: no digest names it"}, code=3, valid=8)
    for other in (Path(planted).name.replace("0133Z_", ""), "other.json.gz", "other.json"):
        folder = world()
        put(folder, str(Path(L2).parent / other), gzip.compress(b"{}"))
        check(folder, {other: "not assessed: no digest names it"}, code=3, valid=8)
    late = Path(L4.replace("T0305Z", "T0905Z"))
    folder = world()
    put(folder, str(late), gzip.compress(b"{}"))
    check(folder, {late.name: "not assessed: no digest names it: it is after the last one"}, code=3, valid=8)
    check(folder, {late.name: "note: no digest names it: it is after"}, code=0, now="2026-01-05T09:30:00Z")
    check(folder, {}, "--until", "2026-01-05T04:00:00Z", code=0, valid=8)


# ---- digests that were touched --------------------------------------------------------------------------------------


@case
def a_changed_digest_is_invalid():
    changes = {
        "a log less": lambda c: c["logFiles"].clear(),
        "another hash": lambda c: c["logFiles"][0].update(hashValue="0" * 64),
        "another time": lambda c: c.update(digestStartTime="2026-01-05T01:00:01Z"),
    }
    for name, change in changes.items():
        folder = world("bare")
        edit_digest(folder, D2, change)
        expected = {D2.object: FAILED, L2: DIGEST_INVALID, D4.object: NO_SIGNATURE, L4: DIGEST_UNKNOWN}
        if name == "a log less":
            del expected[L2]
            expected[Path(L2).name] = "not assessed: no digest names it"
        check(folder, expected, code=1)
        put(folder, D2.object + ".head.json", json.dumps(D2.head()).encode())
        check(folder, expected, code=1)


@case
def a_bit_flipped_anywhere_in_a_digest_is_never_valid():
    text = gzip.decompress(path_of(HOME / "bare", D2.object).read_bytes())
    for at in range(0, len(text), 41):
        folder = world("with-heads")
        flipped = bytearray(text)
        flipped[at] ^= 1
        path_of(folder, D2.object).write_bytes(gzip.compress(bytes(flipped)))
        told, valid, _ = verdicts(folder, code=1)
        assert ("digest", D2.object) not in valid, at
        assert any(text.startswith("invalid: ") for text in told.values()), (at, told)


@case
def a_signature_that_was_changed_in_the_next_digest_proves_nothing_of_this_one():
    folder = world()
    edit_digest(folder, D3, lambda c: c.update(previousDigestSignature=D1.signature))
    check(folder, {D3.object: FAILED, D2.object: "not assessed: its signature stands in a digest that is INVALID",
                   L2: DIGEST_UNKNOWN}, code=1)
    folder = world("with-heads")
    edit_digest(folder, D3, lambda c: c.update(previousDigestSignature=D1.signature))
    check(folder, {D3.object: FAILED}, code=1)


@case
def a_newest_digest_that_is_wrong_about_a_proven_one_is_invalid():
    folder = world("bare")
    put(folder, D3.object + ".head.json", json.dumps(D3.head()).encode())
    edit_digest(folder, D4, lambda c: c.update(previousDigestHashValue="0" * 63 + "1"))
    check(folder, {D4.object: "invalid: records another hash", L4: DIGEST_INVALID}, code=1)


@case
def a_signature_in_the_metadata_that_is_not_its_own_is_invalid():
    for signature, place in ((D1.signature, "of another digest"), ("aeff", "short"), ("zz" * 256, "no hexadecimal"),
                             (D3.signature[:-1], "cut"), (D3.signature + "00", "long")):
        folder = world()
        head = D3.head()
        head["Metadata"]["signature"] = signature
        put(folder, D3.object + ".head.json", json.dumps(head).encode())
        try:
            check(folder, {D3.object: FAILED + ": the signature in its metadata is not its own"}, code=1, valid=7)
        except AssertionError as wrong:
            raise AssertionError(f"{place}: {wrong}") from wrong
    folder = world()
    put(folder, D4.object + ".head.json", json.dumps(D3.head()).encode())
    check(folder, {D4.object: FAILED, L4: DIGEST_INVALID}, code=1, valid=6)


@case
def a_forged_hash_under_the_old_signature_is_invalid():
    folder = world("with-heads")
    forged = D2.logs[0][1].replace(b"GetObject", b"Forged")
    put(folder, L2, gzip.compress(forged))
    edit_digest(folder, D2, lambda c: c["logFiles"][0].update(hashValue=sha256(forged)))
    check(folder, {D2.object: FAILED, L2: DIGEST_INVALID}, code=1, valid=6)


@case
def a_deleted_digest_is_missing():
    folder = world()
    remove(folder, D2.object)
    expected = {D2.object: "missing: not found", D1.object: NO_SIGNATURE, L1A: DIGEST_UNKNOWN, L1B: DIGEST_UNKNOWN,
                Path(L2).name: "not assessed: no digest names it"}
    check(folder, expected, code=1, valid=3)
    assert f"Digest file\ts3://{BUCKET}/{D2.object}\tINVALID: not found\n" in vigil(folder).stdout
    folder = world("with-heads")
    remove(folder, D2.object, L2)
    answer = check(folder, {D2.object: "missing: not found"}, code=1, valid=6)
    equal(answer["chains"][0]["digests"], {"valid": 3, "invalid": 0, "missing": 1, "not_assessed": 0})
    folder = world("with-heads")
    remove(folder, D2.object, D3.object)
    told, _, _ = verdicts(folder, code=1)
    equal(told[D3.object], "missing: not found")


@case
def deleted_first_digests_are_missing_unless_they_were_not_asked_for():
    folder = world()
    remove(folder, D1.object, L1A, L1B)
    check(folder, {D1.object: "missing: not found"}, code=1, valid=5)
    check(folder, {D1.object: "missing: not found"}, "--since", "2026-01-05T01:00:00Z", code=1)
    check(folder, {}, "--since", "2026-01-05T01:00:01Z", code=0, valid=5)


@case
def a_deleted_end_is_what_nothing_is_known_of():
    folder = world("with-heads")
    remove(folder, D4.object, L4)
    answer = check(folder, {}, code=0, valid=6)
    equal(answer["chains"][0]["nothing_after"], "2026-01-05T03:00:00Z")
    text = vigil(folder).stdout
    assert "\nNothing after 2026-01-05T03:00:00Z: no digest here tells of what was delivered since\n" in text, text
    told = {"tail": "not assessed: no digest covers"}
    check(folder, told, "--until", "2026-01-05T04:00:00Z", code=3, valid=6)
    check(folder, told, "--until", "2026-01-06T00:00:00Z", code=3, valid=6)
    check(folder, {}, "--until", "2026-01-05T04:00:00Z", code=0, now="2026-01-05T04:30:00Z")
    text = vigil(folder, "--until", "2026-01-05T04:00:00Z").stdout
    assert "Nothing after 2026-01-05T03:00:00Z: NOT ASSESSED up to 2026-01-05T04:00:00Z\n" in text, text
    folder = world()  # its own signature went with the one after it
    remove(folder, D4.object)
    check(folder, {D3.object: NO_SIGNATURE, Path(L4).name: "not assessed: no digest names it: it is after"}, code=3)


@case
def a_changed_time_takes_no_digest_out_of_what_is_asked_for():
    words = ("--since", "2026-01-05T00:30:00Z", "--until", "2026-01-05T02:30:00Z")
    for time in ("2099-01-01T00:00:00Z", "1999-01-01T00:00:00Z"):
        for start in ("bare", "with-heads"):
            folder = world(start)
            edit_digest(folder, D2, lambda c: c.update(digestEndTime=time))
            told, valid, _ = verdicts(folder, *words, code=1)
            assert told[D2.object].startswith(FAILED), told
            path_of(folder, D2.object).rename(path_of(folder, D2.object.replace("20260105T02", "20990105T02")))
            told, valid, _ = verdicts(folder, *words, code=1)
            assert told[D2.object].startswith("invalid: has been moved"), told


@case
def a_later_digest_that_is_not_proven_hides_no_deletion_and_no_log():
    words = ("--until", "2026-01-05T04:00:00Z")
    chain = four_hours()
    planted = Chain(KEY, trail="main").log(1, 7)
    fake = chain.digest(logs=0, skip=100)
    fake.content["logFiles"] = [{"s3Bucket": BUCKET, "s3Object": planted[0], "hashValue": sha256(planted[1]),
                                 "hashAlgorithm": "SHA-256"}]
    fake.seal(OTHER_KEY)
    fake.logs = [planted]
    folder = world(None)
    chain.write(folder, heads=chain.digests[:3])
    remove(folder, chain.digests[3].object, L4)
    check(folder, {"tail": "not assessed: no digest covers", Path(planted[0]).name: "not assessed: no digest names it"},
          *words, code=3)


@case
def digests_that_changed_places_are_invalid():
    folder = world()
    two, three = path_of(folder, D2.object), path_of(folder, D3.object)
    data = two.read_bytes()
    two.write_bytes(three.read_bytes())
    three.write_bytes(data)
    told, _, _ = verdicts(folder, code=1)
    for digest in (D2, D3):
        assert told[digest.object].startswith("invalid: has been moved from its original location"), told


@case
def another_prefix_or_bucket_is_another_place():
    folder = world()
    (folder / BUCKET / "AWSLogs").rename(folder / BUCKET / "Logs")
    told, valid, _ = verdicts(folder, code=1)
    equal(len(valid), 0)
    assert all(told[d.object].startswith("invalid: has been moved") for d in CHAIN.digests), told
    check(world(), {}, "--bucket", BUCKET, code=0, valid=8)
    told, _, _ = verdicts(world(), "--bucket", "another-bucket", code=1)
    assert all(told[d.object].startswith("invalid: has been moved") for d in CHAIN.digests), told
    folder = world(None)
    chain = four_hours(bucket="another-bucket")
    chain.write(folder, heads=[chain.digests[-1]])
    check(folder, {}, code=0, valid=8)
    told, _, _ = verdicts(folder, "--bucket", BUCKET, code=1)


@case
def a_digest_that_cannot_be_read_is_of_an_invalid_format():
    texts = {
        "truncated gzip": path_of(HOME / "bare", D2.object).read_bytes()[:200],
        "empty": b"", "no JSON": gzip.compress(b"{"), "no digest": gzip.compress(b"{}"), "a list": gzip.compress(b"[]"),
        "logs of a wrong type": gzip.compress(json.dumps({**D2.content, "logFiles": 7}).encode()),
        "a log of a wrong type": gzip.compress(json.dumps({**D2.content, "logFiles": [7]}).encode()),
        "no hash": gzip.compress(json.dumps({**D2.content, "logFiles": [{"s3Bucket": "b", "s3Object": "o"}]}).encode()),
        "a time of a wrong type": gzip.compress(json.dumps({**D2.content, "digestEndTime": 7}).encode()),
        "no time": gzip.compress(json.dumps({**D2.content, "digestEndTime": "soon"}).encode()),
        "a signature that is not there": gzip.compress(
            json.dumps({k: v for k, v in D2.content.items() if k != "previousDigestSignature"}).encode()),
        "a hundred thousand levels": gzip.compress(b"[" * 100000),
    }
    for name, data in texts.items():
        folder = world("with-heads")
        path_of(folder, D2.object).write_bytes(data)
        try:
            told, _, _ = verdicts(folder, code=3 if name == "a hundred thousand levels" else 1)
            equal(told[D2.object].split(" (")[0], "not assessed: could not be read" if name == "a hundred thousand levels"
                  else "invalid: invalid format")
            assert D1.object not in told, told
        except AssertionError as wrong:
            raise AssertionError(f"{name}: {wrong}") from wrong


@case
def a_second_copy_of_a_digest_counts_once():
    folder = world()
    copy = folder / "copy" / Path(D2.object).name
    copy.parent.mkdir()
    shutil.copy(path_of(folder, D2.object), copy)
    answer = check(folder, {}, code=0, valid=8)
    equal(answer["chains"][0]["digests"]["valid"], 4)
    copy.write_bytes(gzip.compress(D2.text + b" "))
    told, valid, _ = verdicts(folder, code=1)
    assert ("digest", D2.object) in valid and told[D2.object].startswith("invalid: has been moved"), (told, valid)


# ---- keys -----------------------------------------------------------------------------------------------------------


@case
def a_key_that_was_replaced_verifies_nothing():
    replaced = keys_file(OTHER_KEY.listed(Fingerprint=KEY.fingerprint), name="k.json")
    told, valid, _ = verdicts(world("with-heads"), code=1, keys=replaced)
    equal(len(valid), 0)
    assert all(told[d.object].startswith(FAILED) for d in CHAIN.digests), told
    told, valid, _ = verdicts(world(), code=1, keys=replaced)  # with the newest's metadata alone
    equal(len(valid), 0)
    assert told[D4.object].startswith(FAILED), told
    folder = world(None)  # everything signed again, with a key that AWS does not have
    chain = four_hours(OTHER_KEY)
    chain.write(folder, heads=chain.digests)
    told, valid, _ = verdicts(folder, code=1)
    equal(len(valid), 0)
    equal(told[D1.object],
          f"invalid: public key not found in region eu-west-1 for fingerprint {OTHER_KEY.fingerprint}")
    check(folder, {}, code=0, keys=keys_file(KEY, OTHER_KEY, name="k.json"), valid=8)


@case
def a_key_that_cannot_be_loaded_verifies_nothing():
    for value in ("YQo=", "", "!"):
        told, _, _ = verdicts(world(), code=1, keys=keys_file(KEY.listed(Value=value), name="k.json"))
        equal(told[D1.object], f"invalid: Unable to load PKCS #1 key with fingerprint {KEY.fingerprint}")


@case
def without_keys_nothing_is_assessed():
    done = vigil(world(), keys=None)
    equal(done.returncode, 3)
    assert "no public keys: save the answer of `aws cloudtrail list-public-keys`" in done.stderr, done.stderr
    assert "0/4 digest files valid, 4/4 digest files NOT ASSESSED\n" in done.stdout, done.stdout
    old = keys_file(OTHER_KEY.listed(ValidityEndTime=1000000000.0), name="old.json")  # of another time: no proof
    told, _, _ = verdicts(world(), code=3, keys=old)
    assert told[D1.object].startswith("not assessed: no public key of region eu-west-1 and its time is here"), told


@case
def keys_are_of_their_region():
    told, valid, _ = verdicts(world(), code=3, keys=keys_file(KEY, name="public-keys-us-east-1.json"))
    equal(len(valid), 0)
    assert told[D1.object].startswith("not assessed: no public key of region eu-west-1"), told
    told, _, _ = verdicts(world(), code=1, keys=keys_file(OTHER_KEY, name="public-keys-eu-west-1.json"))
    assert told[D1.object].startswith("invalid: public key not found in region eu-west-1"), told
    check(world(), {}, code=0, keys=keys_file(KEY, name="public-keys-eu-west-1.json"), valid=8)


@case
def keys_are_found_in_the_folder_and_said_to_be_no_better_than_it():
    folder = world()
    (folder / "anything.json").write_text(Path(KEYS).read_text())
    done = vigil(folder, keys=None)
    equal(done.returncode, 0)
    assert "the keys are from the folder itself" in done.stderr, done.stderr
    told, _, _ = verdicts(folder, code=1, keys=keys_file(OTHER_KEY, name="k.json"))  # those given are the only ones
    assert told[D1.object].startswith("invalid: public key not found"), told


# ---- what is asked for, and how it is answered ------------------------------------------------------------------------


@case
def since_and_until_choose_the_digests():
    def objects(*words, code=0):
        _, valid, _ = verdicts(world("with-heads"), *words, code=code)
        return sorted(name for kind, name in valid if kind == "digest")
    equal(objects("--since", "2026-01-05T02:00:01Z"), [D3.object, D4.object])
    equal(objects("--until", "2026-01-05T01:59:59Z"), [D1.object, D2.object])
    equal(objects("--since", "2026-01-05T01:30:00Z", "--until", "2026-01-05T01:45:00Z"), [D2.object])
    # The digest behind those asked for gives the signature of the last.
    check(world("bare"), {}, "--until", "2026-01-05T01:30:00Z", code=0, valid=5)
    done = vigil(world(), "--since", "2026-01-06", "--until", "2026-01-05")
    equal(done.returncode, 2)
    done = vigil(world(), "--since", "2026-01-05T01:30:00Z", "--until", "2026-01-05T02:45:00Z")
    assert ("Results requested for 2026-01-05T01:30:00Z to 2026-01-05T02:45:00Z\n"
            "Results found for 2026-01-05T01:30:00Z to 2026-01-05T02:45:00Z:\n\n"
            "2/2 digest files valid\n1/1 log files valid\n\n") in done.stdout, done.stdout


@case
def the_summary_is_the_one_of_validate_logs():
    equal(vigil(world()).stdout,
          "Validating log files for trail main of eu-west-1, account 111122223333, region eu-west-1\n\n"
          "Results requested for the beginning to the end\n"
          "Results found for 2026-01-05T00:00:00Z to 2026-01-05T04:00:00Z:\n\n"
          "4/4 digest files valid\n4/4 log files valid\n"
          "Nothing after 2026-01-05T04:00:00Z: no digest here tells of what was delivered since\n\n")
    verbose = vigil(world(), "--verbose").stdout
    for line in (f"Digest file\ts3://{BUCKET}/{D4.object}\tvalid\n", f"Log file\ts3://{BUCKET}/{L4}\tvalid\n"):
        assert line in verbose, verbose
    assert verbose.index(D4.object) < verbose.index(L4) < verbose.index(D3.object) < verbose.index(D1.object)


@case
def what_is_invalid_outranks_what_is_not_assessed():
    folder = world("bare")
    edit(folder, L1A, lambda text: text + b" ")
    check(folder, {L1A: "invalid: hash", D4.object: NO_SIGNATURE, L4: DIGEST_UNKNOWN}, code=1)
    folder = world("bare")
    edit(folder, L4, lambda text: text + b" ")  # its digest is not proven, and still says that it is another
    check(folder, {L4: "invalid: hash", D4.object: NO_SIGNATURE}, code=1)


@case
def an_empty_folder_has_no_digests():
    done = vigil(world(None))
    equal((done.returncode, done.stdout), (3, "No digests found\n"))
    done = vigil(HOME / "nothing")
    equal((done.returncode, done.stdout), (3, ""))


@case
def metadata_that_is_none_is_said():
    for data in (b"", b"{", b"[]", b"{}", b'{"Metadata": 7}', b'{"Metadata": {"signature": 7}}'):
        folder = world("bare")
        put(folder, D4.object + ".head.json", data)
        told, _, _ = verdicts(folder, code=3)
        assert told[D4.object].startswith(NO_SIGNATURE), told
        assert told[Path(D4.object).name + ".head.json"].startswith("note: "), told


@case
def other_algorithms_are_not_assessed():
    folder = world()
    head = D4.head()
    head["Metadata"]["signature-algorithm"] = "SHA512withRSA"
    put(folder, D4.object + ".head.json", json.dumps(head).encode())
    check(folder, {D4.object: "not assessed: its signature is not by SHA256withRSA", L4: DIGEST_UNKNOWN}, code=3)
    chain = Chain(KEY)
    first = chain.digest(logs=1)
    first.content["logFiles"][0]["hashAlgorithm"] = "SHA-512"
    first.seal(KEY)
    folder = world(None)
    chain.write(folder, heads=[first])
    check(folder, {first.logs[0][0]: "not assessed: its hash is not by SHA-256"}, code=3)


@case
def names_cannot_drive_a_terminal():
    chain = Chain(KEY)
    first = chain.digest(logs=0)
    first.content["logFiles"] = [{"s3Bucket": BUCKET, "s3Object": "AWSLogs/\x1b[2J\u202e/log.json.gz", "hashValue": "00",
                                  "hashAlgorithm": "SHA-256"}]
    first.seal(KEY)
    folder = world(None)
    chain.write(folder, heads=[first])
    done = vigil(folder)
    equal(done.returncode, 1)
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout, done.stdout
    assert "\\x1b[2J" in done.stdout, done.stdout


@case
def a_leading_zero_that_was_lost_is_no_change():
    chain = Chain(KEY)
    first = chain.digest(logs=1)
    second = chain.digest(logs=0)
    second.content["previousDigestHashValue"] = sha256(first.text).lstrip("0")
    second.seal(KEY)
    folder = world(None)
    chain.write(folder, heads=[second])
    check(folder, {}, code=0, valid=3)


# ---- not signed by us -------------------------------------------------------------------------------------------------


def outside(heads):
    if not DATA.is_dir():
        skip(f"{DATA} is not there")
    vectors = json.loads((DATA / "generated" / "vectors.json").read_text())
    folder = world(None)
    shutil.copytree(DATA / "generated" / "s3", folder, dirs_exist_ok=True)
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
    bucket = folder / "example-trail-bucket"
    for one in vectors["digests"][-1:] if heads else []:
        (bucket / (one["s3_object"] + ".head.json")).write_text(json.dumps(
            {"Metadata": {"signature": one["x-amz-meta-signature"], "signature-algorithm": "SHA256withRSA"}}))
    return folder, bucket, [one["s3_object"] for one in vectors["digests"]], keys_file(vectors["public_key"], name="out.json")


@case
def a_chain_signed_elsewhere_verifies():
    folder, _, objects, keys = outside(heads=True)
    check(folder, {}, code=0, valid=5, keys=keys)
    folder, _, objects, keys = outside(heads=False)
    check(folder, {objects[2]: NO_SIGNATURE}, code=3, valid=4, keys=keys)


@case
def a_chain_signed_elsewhere_is_broken_as_it_says():
    folder, bucket, objects, keys = outside(heads=True)
    log = next(bucket.rglob("*_CloudTrail_*"))
    log.write_bytes(gzip.compress(gzip.decompress(log.read_bytes()) + b" "))
    told, _, _ = verdicts(folder, code=1, keys=keys)
    equal([text.split(" (")[0] for text in told.values()], ["invalid: hash value doesn't match"])
    folder, bucket, objects, keys = outside(heads=True)
    text = bytearray(gzip.decompress((bucket / objects[0]).read_bytes()))
    text[20] ^= 1
    (bucket / objects[0]).write_bytes(gzip.compress(bytes(text)))
    told, _, _ = verdicts(folder, code=1, keys=keys)
    assert told[objects[0]].startswith(FAILED), told
    folder, bucket, objects, keys = outside(heads=True)
    (bucket / objects[1]).unlink()
    told, _, _ = verdicts(folder, code=1, keys=keys)
    equal(told[objects[1]], "missing: not found")


run()
