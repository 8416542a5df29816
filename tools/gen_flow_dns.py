#!/usr/bin/env python3
"""Makes labelled flow logs and Resolver query logs: days of an organisation in which nothing is wrong, and attacks among them.

    tools/gen_flow_dns.py FOLDER [--seed N] [--hours N] [--scale N] [--benign]

The same seed gives the same bytes. FOLDER gets flow logs (one account in the default format without a header, one in version 5
with a header) and query logs, as S3 has them, and labels.json: each attack with the detections that are to find it (names of
files in content/detections/network/ and dns/) and the address that they are to name. --benign leaves the attacks out. Scale 1
is about 60,000 flows and 15,000 queries an hour.

What is honest is chosen to be hard: gateways through which everybody goes, monitoring that touches every host, health checks
of three packets, pools of connections, crawlers that meet dead hosts, Git over SSH, backups, floods of media, names full of
hashes and keys (CDNs, telemetry, virus scanners, DKIM), search lists that lead nowhere."""
import argparse
import datetime
import gzip
import json
import pathlib
import random
import string

START = 1767571200  # 2026-01-05T00:00:00Z
REGION = "eu-west-1"
V2 = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
      "log-status").split()
V5 = V2 + ("vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id "
           "pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path").split()
ACCOUNTS = {"111122223333": V2, "444455556666": V5}
TCP, UDP, ICMP = 6, 17, 1
BASE32 = string.ascii_lowercase + "234567"
HEX = "0123456789abcdef"


class World:
    """The logs as they grow, and what is random in them."""

    def __init__(self, seed, hours, scale):
        self.random = random.Random(seed)
        self.hours, self.scale = hours, scale
        self.seconds = hours * 3600
        self.flows = {account: [] for account in ACCOUNTS}
        self.queries = []
        self.labels = []

    # ---- writing ----

    def flow(self, account, src, dst, sport, dport, protocol=TCP, packets=10, size=None, at=0, action="ACCEPT", flags=0,
             service="-"):
        """A flow in one window; size is the bytes of all packets."""
        size = packets * 120 if size is None else size
        start = START + at
        direction = "egress" if src.startswith(("10.", "fd")) else "ingress"
        kind = "IPv6" if ":" in src else "IPv4"
        values = [2, account, interface(src if direction == "egress" else dst), src, dst, sport, dport, protocol, packets, size,
                  start, start + self.random.randrange(20, 60), action, "OK"]
        if ACCOUNTS[account] is V5:
            values[0] = 5
            values += ["vpc-0a1b2c3d", "subnet-01", "-", flags, kind, src, dst, REGION, "euw1-az1", "-", "-", "-", service,
                       direction, "8" if direction == "egress" else "-"]
        self.flows[account].append((start, " ".join(map(str, values))))

    def talk(self, account, src, dst, sport, dport, packets=10, size=None, at=0, flags=3, answer=True, **more):
        """A connection and what comes back on it."""
        self.flow(account, src, dst, sport, dport, packets=packets, size=size, at=at, flags=flags, **more)
        if answer:
            self.flow(account, dst, src, dport, sport, packets=packets, size=packets * 700, at=at, flags=flags | 16)

    def query(self, src, name, kind="A", rcode="NOERROR", answers=("203.0.113.10",), at=0, **more):
        event = {"version": "1.100000", "account_id": "111122223333", "region": REGION, "vpc_id": "vpc-0a1b2c3d",
                 "query_timestamp": timestamp(START + at), "query_name": name.rstrip(".") + ".", "query_type": kind,
                 "query_class": "IN", "rcode": rcode,
                 "answers": [] if rcode != "NOERROR" else [{"Rdata": a, "Type": kind, "Class": "IN"} for a in answers],
                 "srcaddr": src, "srcport": str(self.random.randrange(1024, 65536)), "transport": "UDP",
                 "srcids": {"instance": "i-" + format(hash_of(src), "017x")}}
        event.update(more)
        self.queries.append((START + at, json.dumps(event, separators=(",", ":"))))

    def label(self, name, source, *detections, is_evasive=False):
        self.labels.append({"name": name, "source": source, "detections": list(detections), "evasive": is_evasive})

    # ---- chance ----

    def at(self):
        return self.random.randrange(self.seconds)

    def often(self, an_hour):
        """Moments of something that happens so often."""
        return [self.at() for _ in range(max(1, round(an_hour * self.hours * self.scale)))]

    def port(self):
        return self.random.randrange(32768, 61000)

    def public(self):
        return f"{self.random.choice([18, 34, 52, 81, 151, 185])}.{self.random.randrange(256)}.{self.random.randrange(256)}." \
               f"{self.random.randrange(1, 255)}"

    def text(self, alphabet, length):
        return "".join(self.random.choice(alphabet) for _ in range(length))


def hash_of(text):
    value = 0
    for c in text:
        value = (value * 131 + ord(c)) % (1 << 64)
    return value


def interface(address):
    return "eni-" + format(hash_of(address), "017x")


def timestamp(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- honest flows ------------------------------------------------------------------------------------------------------

NAT, MONITOR, BASTION, RELAY, CRAWLER, CONTROL = "10.0.0.10", "10.0.9.9", "10.0.0.22", "10.0.4.25", "10.0.4.80", "10.0.9.22"
BALANCERS = ["10.0.0.41", "10.0.0.42"]
SERVERS = [f"10.0.{n}.{i}" for n in (1, 2, 3) for i in range(10, 60)]
DATABASES = ["10.0.5.11", "10.0.5.12", "10.0.5.13"]
OFFICE = "62.40.12.8"


def honest_web(w, account):
    clients = [w.public() for _ in range(800)]
    for at in w.often(3000):
        balancer = w.random.choice(BALANCERS)
        w.talk(account, w.random.choice(clients), balancer, w.port(), 443, packets=w.random.randrange(6, 90), at=at)
        w.talk(account, balancer, w.random.choice(SERVERS), w.port(), 8080, packets=w.random.randrange(6, 60), at=at)


def honest_gateway(w, account):
    services = [w.public() for _ in range(400)]
    git = ["140.82.121.3", "140.82.121.4"]
    for at in w.often(2500):
        w.talk(account, NAT, w.random.choice(services), w.port(), 443, packets=w.random.randrange(8, 200), at=at)
    for at in w.often(800):  # connections that are kept alive
        w.flow(account, NAT, w.random.choice(services), w.port(), 443, packets=1, size=52, at=at)
    for at in w.often(60):  # hosts that are dead
        w.flow(account, NAT, w.public(), w.port(), 443, packets=3, size=180, at=at, flags=2)
    for at in w.often(200):
        w.talk(account, NAT, w.random.choice(git), w.port(), 22, packets=w.random.randrange(20, 120), size=9000, at=at)
    for hour in range(w.hours):  # one large upload an hour to a vendor
        for minute in range(0, 60, 5):
            w.flow(account, NAT, services[0], 40001, 443, packets=200000, size=250000000, at=hour * 3600 + minute * 60)


def honest_crawler(w, account):
    for at in w.often(1200):
        w.talk(account, CRAWLER, w.public(), w.port(), 443, packets=w.random.randrange(8, 60), at=at)
    for at in w.often(150):
        w.flow(account, CRAWLER, w.public(), w.port(), w.random.choice([80, 443]), packets=2, size=120, at=at, flags=2)


def honest_inside(w, account):
    for at in w.often(4000):  # pools of connections
        w.talk(account, w.random.choice(SERVERS), w.random.choice(DATABASES), w.port(), 5432,
               packets=w.random.randrange(4, 40), at=at)
    for at in w.often(400):  # a client that connects anew for every query
        w.talk(account, SERVERS[3], DATABASES[0], w.port(), 6379, packets=8, size=900, at=at)
    for at in range(0, w.seconds, max(60, round(120 / w.scale))):
        for server in SERVERS:  # monitoring
            if w.random.random() < 0.5:
                w.talk(account, MONITOR, server, w.port(), 9100, packets=12, size=1800, at=at)
        for server in SERVERS[:40]:  # health checks
            w.talk(account, w.random.choice(BALANCERS), server, w.port(), 8080, packets=3, size=180, at=at)
    for at in w.often(40):  # what was ended and is still asked
        w.flow(account, MONITOR, f"10.0.8.{w.random.randrange(1, 30)}", w.port(), 9100, packets=1, size=60, at=at, flags=2)
    for at in w.often(300):  # configuration management
        w.talk(account, CONTROL, w.random.choice(SERVERS), w.port(), 22, packets=w.random.randrange(30, 200), size=14000, at=at)


def honest_rest(w, account):
    for at in w.often(600):
        server = w.random.choice(SERVERS)
        w.flow(account, server, "10.0.0.2", w.port(), 53, UDP, 2, 140, at)
        w.flow(account, server, "169.254.169.123", 123, 123, UDP, 1, 76, at)
    for at in w.often(700):  # the noise of the internet
        w.flow(account, w.public(), w.random.choice(BALANCERS + [NAT, BASTION]), w.port(),
               w.random.choice([22, 23, 80, 445, 3389, 5060, 6379, 8088, 8443]), TCP, 1, 44, at, "REJECT", 2)
    for at in w.often(12):  # people at the bastion
        w.talk(account, OFFICE, BASTION, w.port(), 22, packets=w.random.randrange(200, 4000), size=300000, at=at)
    for at in w.often(30):  # backups
        w.flow(account, SERVERS[7], "52.218.1.1", w.port(), 443, TCP, 300000, 60000000, at, service="S3")
    for at in w.often(60):  # media
        w.flow(account, "10.0.4.90", w.public(), 40000, w.random.randrange(20000, 60000), UDP, 60000, 60000 * 900, at)
    for at in w.often(30):
        w.flow(account, "10.0.0.50", OFFICE, 0, 0, 50, 4000, 3000000, at)
    for at in w.often(60):  # mail to one relay
        w.talk(account, RELAY, "54.240.1.1", w.port(), 587, packets=30, at=at)
    for at in w.often(60):
        w.flow(account, MONITOR, "62.40.12.1", 0, 0, ICMP, 60, 5040, at)
    for at in w.often(60):
        w.flow(account, "2600:1f18::5", "2a00:1450::8", w.port(), 443, TCP, 20, 4000, at)
    for number, status in enumerate(["NODATA", "NODATA", "SKIPDATA"]):
        line = {"version": 5 if ACCOUNTS[account] is V5 else 2, "account-id": account, "interface-id": f"eni-{number}",
                "start": START, "end": START + 60, "log-status": status}
        w.flows[account].append((START, " ".join(str(line.get(name, "-")) for name in ACCOUNTS[account])))


# ---- honest queries ----------------------------------------------------------------------------------------------------

SITES = """google.com github.com amazonaws.com cloudflare.com stackoverflow.com docker.io docker.com wikipedia.org mozilla.org debian.org
ubuntu.com datadoghq.com newrelic.com sentry.io segment.io pagerduty.com slack.com stripe.com twilio.com sendgrid.net okta.com
auth0.com hashicorp.com terraform.io kubernetes.io quay.io elastic.co mongodb.com redis.io grafana.com letsencrypt.org digicert.com
microsoft.com windowsupdate.com office.com azure.com apple.com mozilla.org fedoraproject.org centos.org launchpad.net bitbucket.org
gitlab.com atlassian.com jetbrains.com grafana.com elastic.co python.org kernel.org gradle.org jfrog.io cloudfront.net fastly.net
akamai.net edgekey.net jsdelivr.net unpkg.com bootstrapcdn.com googleapis.com gstatic.com doubleclick.net facebook.com twitter.com
linkedin.com wikipedia.org paypal.com adyen.com shopify.com salesforce.com zendesk.com intercom.io hubspot.com mailchimp.com
bbc.co.uk gov.uk ing.nl nhk.or.jp abn.com.au brzozowski.pl vkontakte.ru qwant.com xkcd.com 163.com 3m.com""".split()
HOSTS = ["www", "api", "cdn", "static", "login", "app", "registry", "mirror", "eu-west-1.console", "ingest", "updates"]


def honest_names(w):
    for at in w.often(9000):
        w.query(w.random.choice(SERVERS), f"{w.random.choice(HOSTS)}.{w.random.choice(SITES)}", w.random.choice(["A", "A", "AAAA"]),
                answers=[w.public()], at=at)
    for at in w.often(1500):  # below internal domains, and search lists that lead nowhere
        name = w.random.choice(["db.shop.internal", "cache.shop.internal", f"ip-10-0-1-{w.random.randrange(10, 60)}.ec2.internal"])
        w.query(w.random.choice(SERVERS), name, answers=["10.0.5.11"], at=at)
        w.query(w.random.choice(SERVERS), f"{w.random.choice(SITES)}.{REGION}.compute.internal", rcode="NXDOMAIN", at=at)


def honest_keys(w):
    hosts = {  # names full of keys: how many of them, and how often they are asked for in an hour
        "{b20}.gr7.eu-west-1.eks.amazonaws.com": (40, 400), "d{h13}.cloudfront.net": (60, 500),
        "{b10}.execute-api.eu-west-1.amazonaws.com": (30, 300), "{h32}.ingest.sentry.io": (5, 300),
        "{h40}.telemetry.vendor-example.com": (20, 400), "{b26}-ats.iot.eu-west-1.amazonaws.com": (3, 60),
        "{h12}.e{h5}.dsce3.akamaiedge.net": (40, 200), "shop-{h16}.s3.eu-west-1.amazonaws.com": (25, 300),
        "{b16}.blob.core.windows.net": (4, 60), "{h8}-app-7d9f{h6}.default.svc.cluster.local": (50, 300),
        "intake.{h10}.browser-intake-datadoghq.com": (10, 120),
    }
    for pattern, (count, an_hour) in hosts.items():
        names = [fill(w, pattern) for _ in range(count)]
        for at in w.often(an_hour):
            w.query(w.random.choice(SERVERS), w.random.choice(names), answers=[w.public()], at=at)


def fill(w, pattern):
    while "{" in pattern:
        before, rest = pattern.split("{", 1)
        what, after = rest.split("}", 1)
        pattern = before + w.text(BASE32 if what[0] == "b" else HEX, int(what[1:])) + after
    return pattern


def honest_mail(w):
    for at in w.often(300):  # a mail server: keys, block lists, senders that do not exist, addresses backwards
        sender = f"{w.random.choice(HOSTS)}-{w.random.choice(SITES)}"
        w.query(RELAY, f"{w.text(BASE32, 24)}._domainkey.{w.random.choice(SITES)}", "TXT", answers=["v=DKIM1; k=rsa"], at=at)
        w.query(RELAY, ".".join(str(w.random.randrange(256)) for _ in range(4)) + ".zen.spamhaus.org", rcode="NXDOMAIN", at=at)
        w.query(RELAY, w.public() + ".in-addr.arpa", "PTR", "NXDOMAIN", at=at)
        if w.random.random() < 0.1:
            w.query(RELAY, sender, "MX", "NXDOMAIN", at=at)
    for at in w.often(600):  # a virus scanner that looks files up by their hash
        w.query("10.0.4.70", f"{w.text(HEX, 8)}.{w.text(HEX, 48)}.avqs.mcafee.com", answers=["127.0.0.8"], at=at)
    for at in w.often(120):  # a collector of logs that puts names to addresses
        w.query("10.0.9.14", f"{w.random.randrange(10, 60)}.{w.random.randrange(1, 4)}.0.10.in-addr.arpa", "PTR",
                answers=["host.shop.internal"], at=at)
    for at in w.often(6):  # a desktop whose browser tries whether names that do not exist are answered
        for _ in range(3):
            w.query("10.0.7.7", w.text(string.ascii_lowercase, w.random.randrange(7, 16)), rcode="NXDOMAIN", at=at)
    for at in w.often(4):
        w.query(SERVERS[0], "instance-data.eu-west-1.compute.internal", answers=["169.254.169.254"], at=at)


# ---- attacks -----------------------------------------------------------------------------------------------------------

class Attacks:
    """Where the attacks of one account come from and when: each from a machine that does nothing else."""

    def __init__(self, w, account, first):
        self.w, self.account, self.number = w, account, first

    def machine(self):
        self.number += 1
        return f"10.0.6.{self.number - 1}"

    def begin(self, length=1):
        return self.w.random.randrange(max(1, self.w.seconds - length))

    def ports(self, count, most=9000):
        return self.w.random.sample(range(1, most), count)

    def probe(self, source, target, port, at, action=None, packets=1):
        action = action or self.w.random.choice(["REJECT", "ACCEPT"])
        self.w.flow(self.account, source, target, self.w.port(), port, TCP, packets, 44 * packets, at, action, 2)

    def login(self, source, target, port, at):
        r = self.w.random
        self.w.talk(self.account, source, target, self.w.port(), port, packets=r.randrange(8, 30), size=r.randrange(1200, 5000),
                    at=at)

    def send(self, source, target, port, protocol, packets, size, times, every, flags=0, from_port=None):
        at = self.begin(times * every)
        for i in range(times):
            own = self.w.port() if from_port is None else from_port
            self.w.flow(self.account, source, target, own, port, protocol, packets, size, at + i * every, flags=flags)


def look_around(w, a):
    s, t, at = a.machine(), w.random.choice(SERVERS), a.begin(600)
    for i, port in enumerate(a.ports(120)):
        a.probe(s, t, port, at + i * 3, packets=w.random.choice([1, 2]))
    w.label("port scan of a neighbour", s, "ports_scanned_from_inside")

    s, t, at = a.machine(), w.public(), a.begin(3000)
    for i, port in enumerate(a.ports(60)):
        a.probe(s, t, port, at + i * 45, "ACCEPT")
    w.label("slow port scan of a public host", s, "ports_scanned_from_inside")

    s, at, port = a.machine(), a.begin(1200), w.random.choice([22, 445, 3389, 5432, 6379])
    for i in range(120):
        a.probe(s, f"10.0.{w.random.randrange(1, 6)}.{i + 60}", port, at + i * 8)
    w.label("sweep of the network", s, "port_swept_across_hosts")

    s, at = a.machine(), a.begin(1200)
    for i in range(300):
        a.probe(s, w.public(), 23, at + i * 3, "ACCEPT")
    w.label("sweep of the internet", s, "port_swept_across_hosts")

    s, at = w.public(), a.begin(1200)
    for i, port in enumerate(a.ports(150, 30000)):
        a.probe(s, BASTION, port, at + i * 7, "REJECT")
    w.label("port scan from outside", s, "ports_scanned_from_outside")


def guess_passwords(w, a):
    for name, target, port, detection in [("SSH", BASTION, 22, "ssh_guessed_from_outside"),
                                          ("RDP", "10.0.7.8", 3389, "windows_guessed_from_outside"),
                                          ("a database", "10.0.5.14", 3306, "database_guessed_from_outside")]:
        s, at = w.public(), a.begin(1500)
        for i in range(150):
            a.login(s, target, port, at + i * 9)
        w.label(f"passwords of {name} guessed from outside", s, detection)

    s, t, at = a.machine(), w.public(), a.begin(1500)
    for i in range(300):
        a.login(s, t, 22, at + i * 4)
    w.label("passwords guessed by a machine of ours", s, "passwords_guessed_from_inside")


def send_much(w, a):
    kinds = [  # name, port, protocol, packets, bytes, how often, seconds between, port to send from, detection
        ("large upload", 443, TCP, 400000, 500000000, 50, 50, 41000, "large_upload_to_one_host"),
        ("tunnel in pings", 0, ICMP, 600, 300000, 40, 60, 0, "data_in_pings"),
        ("miner", 3333, TCP, 20, 3000, 40, 120, 42000, "mining_pool_port"),
        ("flood of datagrams", 9000, UDP, 900000, 54000000, 12, 50, None, "flood_of_datagrams"),
        ("flood of queries", 53, UDP, 90000, 6000000, 12, 50, None, "flood_of_queries"),
        ("datagrams to a website", 80, UDP, 20000, 1200000, 12, 50, None, "datagrams_to_ports_of_tcp"),
        ("flood of an unusual protocol", 0, 253, 20000, 1200000, 12, 50, 0, "flood_of_unusual_protocol"),
    ]
    for name, port, protocol, packets, size, times, every, from_port, detection in kinds:
        s = a.machine()
        a.send(s, w.public(), port, protocol, packets, size, times, every, from_port=from_port)
        w.label(name, s, detection)
    if ACCOUNTS[a.account] is V5:  # the default format has no flags
        s = a.machine()
        a.send(s, w.public(), 443, TCP, 50000, 2200000, 12, 50, flags=2)
        w.label("flood of openings", s, "flood_of_openings")
    s, at = a.machine(), a.begin(3000)
    for i in range(60):
        w.flow(a.account, s, w.public(), w.port(), 25, TCP, 20, 9000, at + i * 40, flags=3)
    w.label("spam", s, "mail_sent_to_many_servers")


def touch_once(w, a):
    for name, port, protocol, detection in [("own resolver", 53, UDP, "public_resolver_used"),
                                            ("DNS over TLS", 853, TCP, "encrypted_queries"),
                                            ("file sharing", 445, TCP, "file_sharing_to_internet"),
                                            ("IRC", 6667, TCP, "chat_of_bots")]:
        s = a.machine()
        w.flow(a.account, s, w.public(), w.port(), port, protocol, 12, 1800, a.begin(), flags=3)
        w.label(name, s, detection)
    for name, port, detection in [("Redis open", 6379, "open_service_reached"), ("YARN open", 8088, "open_service_reached"),
                                  ("remote desktop open", 3389, "management_port_reached")]:
        s = w.public()
        w.talk(a.account, s, "10.0.5.15", w.port(), port, packets=20, at=a.begin())
        w.label(name, s, detection)


WORDS = "river house cloud bright music stone garden silver winter market yellow mountain".split()


def some_words(w, count):
    return [w.random.choice(WORDS) for _ in range(count)]


def tunnel(w, a):
    for name, kind, alphabet, labels, length in [("tunnel in text", "TXT", BASE32, 2, 50),
                                                 ("tunnel in addresses", "A", HEX, 3, 32),
                                                 ("tunnel in short labels", "CNAME", BASE32, 4, 14)]:
        s, at, domain = a.machine(), a.begin(1800), "-".join(some_words(w, 2)) + ".net"
        for i in range(400):
            packed = ".".join(w.text(alphabet, length) for _ in range(labels))
            w.query(s, f"{packed}.{domain}", kind, w.random.choice(["NOERROR", "NXDOMAIN"]), at=at + i * 4)
        w.label(name, s, "data_in_queries")


def make_up_names(w, a):
    letters = string.ascii_lowercase
    for name, make_up in [("names of letters", lambda: w.text(letters, w.random.randrange(10, 18))),
                          ("names of letters and digits", lambda: w.text(letters + string.digits, 16)),
                          ("names in hexadecimal", lambda: w.text(HEX, 24))]:
        s, at = a.machine(), a.begin(1800)
        for i in range(60):
            top = w.random.choice([".com", ".net", ".info", ".top", ".ru"])
            w.query(s, make_up() + top, rcode="NXDOMAIN", at=at + i * 25)
        w.label(name, s, "generated_names")
    s, at = a.machine(), a.begin(900)
    for i in range(250):
        w.query(s, f"{''.join(some_words(w, 3))}{i}.com", rcode="NXDOMAIN", at=at + i * 2)
    w.label("names of words", s, "generated_names")


def ask_once(w, a):
    metadata, none = {"answers": ["169.254.169.254"]}, {"rcode": "NXDOMAIN"}
    for name, query, more, detection in [
            ("rebinding", "7f000001.a9fea9fe.rebind-example.net", metadata, "rebinding_to_metadata"),
            ("rebinding to containers", "x.rebind-example.net", {"answers": ["203.0.113.4", "169.254.170.2"]},
             "rebinding_to_metadata"),
            ("name that holds a private address", "10.0.3.4.nip.io", {"answers": ["10.0.3.4"]},
             "private_answer_of_public_domain"),
            ("mining pool", "xmr-eu1.nanopool.org", {}, "mining_pool_asked_for"),
            ("mining pool that nobody knows", "stratum.pool-example.org", {}, "mining_pool_asked_for"),
            ("hidden service", w.text(BASE32, 56) + ".onion", none, "onion_network_asked_for"),
            ("call back", w.text(BASE32, 33) + ".oast.live", {}, "call_back_of_a_test"),
            ("tunnel service", "tunnel.eu.ngrok.com", {}, "tunnel_service_asked_for"),
            ("upload service", "store1.gofile.io", {}, "upload_service_asked_for"),
            ("own address", "api.ipify.org", {}, "own_address_asked_for"),
            ("dynamic name", "svc-update.duckdns.org", {}, "dynamic_name_asked_for"),
            ("record of any bytes", "vaaaakat2ie.river-example.net", {"kind": "NULL"}, "unusual_record_asked_for"),
            ("blocked name", "bad.river-example.net", {**none, "firewall_rule_action": "BLOCK"}, "blocked_by_dns_firewall")]:
        s = a.machine()
        w.query(s, query, at=a.begin(), **more)
        w.label(name, s, detection)
    s, at = a.machine(), a.begin(900)
    for i in range(250):
        w.query(s, f"{i}.3.0.10.in-addr.arpa", "PTR", "NXDOMAIN", at=at + i)
    w.label("neighbours listed", s, "neighbours_listed_by_address")


# By somebody who knows the thresholds: slower, smaller, or spread. Not all of it can be found without accusing others.

def attack_evasively(w, a):
    s, t = a.machine(), w.random.choice(SERVERS)
    for i, port in enumerate(a.ports(w.hours * 12)):
        a.probe(s, t, port, i * 300, "REJECT")
    w.label("a port every five minutes", s, "ports_scanned_from_inside", is_evasive=True)

    s, at = a.machine(), a.begin(3000)
    for i, port in enumerate(a.ports(70)):
        a.probe(s, SERVERS[i % 10], port, at + i * 40, "REJECT")
    w.label("seven ports each of ten hosts", s, "ports_scanned_from_inside", "port_swept_across_hosts", is_evasive=True)

    s, at = w.public(), a.begin(3000)
    for i in range(120):
        a.login(s, BASTION, 22, at + i * 25)
    w.label("passwords guessed from outside, 24 in ten minutes", s, "ssh_guessed_from_outside", is_evasive=True)

    s, at = a.machine(), a.begin(3000)
    for i in range(200):
        a.login(s, w.public(), 22, at + i * 15)
    w.label("one password on each of many hosts", s, "passwords_guessed_from_inside", is_evasive=True)

    s, at = a.machine(), a.begin(3000)
    for i in range(100):
        w.flow(a.account, s, w.public(), 41000, 443, TCP, 80000, 100000000, at + i * 30)
    w.label("upload spread over a hundred addresses", s, "large_upload_to_one_host", is_evasive=True)

    s = a.machine()
    a.send(s, w.public(), 443, TCP, 20, 3000, w.hours * 6, 600, from_port=42000)
    w.label("miner on the port of websites", s, "mining_pool_port", is_evasive=True)


def ask_evasively(w, a):
    vowels, others = "aeiou", "bcdfghklmnprstvz"
    kinds = [  # name, how many, seconds between, the name, more, detection
        ("tunnel of sixty names", 60, 60, lambda i: w.text(BASE32, 50) + ".slow-example.net", {"kind": "TXT"}, "data_in_queries"),
        ("tunnel in words", 400, 7, lambda i: "-".join(some_words(w, 6)) + ".words-example.net", {"kind": "TXT"},
         "data_in_queries"),
        ("tunnel over twenty domains", 400, 7, lambda i: f"{w.text(BASE32, 50)}.d{i % 20}-example.net", {}, "data_in_queries"),
        ("names that can be spoken", 40, 60,
         lambda i: "".join(w.random.choice(others) + w.random.choice(vowels) for _ in range(6)) + ".com", {"rcode": "NXDOMAIN"},
         "generated_names"),
        ("short names of letters", 40, 60, lambda i: w.text(string.ascii_lowercase, 7) + ".com", {"rcode": "NXDOMAIN"},
         "generated_names"),
    ]
    for name, times, every, make_up, more, detection in kinds:
        s, at = a.machine(), a.begin(times * every)
        for i in range(times):
            w.query(s, make_up(i), at=at + i * every, **more)
        w.label(name, s, detection, is_evasive=True)


# ---- files -------------------------------------------------------------------------------------------------------------

def write_gz(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        packed.write(("\n".join(lines) + "\n").encode())


def by_hour(entries):
    hours = {}
    for time, line in sorted(entries):
        hours.setdefault((time - START) // 3600, []).append(line)
    return sorted(hours.items())


def write(w, folder):
    counts = {"flows": 0, "queries": len(w.queries)}
    for account, entries in w.flows.items():
        counts["flows"] += len(entries)
        for hour, lines in by_hour(entries):
            if ACCOUNTS[account] is V5:
                lines.insert(0, " ".join(V5))
            name = f"{account}_vpcflowlogs_{REGION}_fl-01234567_20260105T{hour % 24:02d}00Z_{hour:08x}.log.gz"
            write_gz(folder / f"AWSLogs/{account}/vpcflowlogs/{REGION}/2026/01/{5 + hour // 24:02d}" / name, lines)
    for hour, lines in by_hour(w.queries):
        day = folder / f"AWSLogs/111122223333/vpcdnsquerylogs/vpc-0a1b2c3d/2026/01/{5 + hour // 24:02d}"
        write_gz(day / f"vpc-0a1b2c3d_{hour:08x}.log.gz", lines)
    (folder / "labels.json").write_text(json.dumps({"counts": counts, "attacks": w.labels}, indent=1) + "\n")


def make(folder, seed=1, hours=3, scale=0.2, benign=False):
    w = World(seed, hours, scale)
    for account in ACCOUNTS:
        for honest in (honest_web, honest_gateway, honest_crawler, honest_inside, honest_rest):
            honest(w, account)
    for honest in (honest_names, honest_keys, honest_mail):
        honest(w)
    if not benign:
        for account, first in (("111122223333", 10), ("444455556666", 60)):
            a = Attacks(w, account, first)
            for attack in (look_around, guess_passwords, send_much, touch_once):
                attack(w, a)
        a = Attacks(w, "444455556666", 150)
        for attack in (tunnel, make_up_names, ask_once, attack_evasively, ask_evasively):
            attack(w, a)
    write(w, pathlib.Path(folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--benign", action="store_true")
    options = parser.parse_args()
    make(options.folder, options.seed, options.hours, options.scale, options.benign)


if __name__ == "__main__":
    main()
