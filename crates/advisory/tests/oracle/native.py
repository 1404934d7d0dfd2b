"""What distributions' own feeds say, evaluated from their documents' own descriptions, and nothing else.

Reads one line of JSON: a format, files of it, how many packages to ask about, and a folder for documents that are made
here. Writes lines of JSON: a package of a release in a version, and what each document says of it.

The order of versions is asked of dpkg and rpm; apk's is a plain comparison, which the other oracle has.

* Alpine: https://gitlab.alpinelinux.org/alpine/infra/alpine-secdb
* Debian: https://security-tracker.debian.org/tracker/data/json and doc/security-team.d.o/security_tracker
* Red Hat: https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/
* Ubuntu: https://github.com/canonical/ubuntu-security-notices/blob/main/docs/osv-overview.md
"""

import functools
import json
import os
import random
import re
import subprocess
import sys
from urllib.parse import unquote

from orders import alpine

# Versions. Each tool is asked once, for all pairs.

DPKG = 'while read -r a b; do dpkg --compare-versions "$a" lt "$b" 2>/dev/null; echo $?; done'
RPM = "%{lua: for l in io.lines() do local a, b = l:match('^(%S+) (%S+)$') print(rpm.vercmp(a, b) .. '\\n') end}"


def dpkg(pairs):
    text = "".join(f"{a} {b}\n" for a, b in pairs)
    answer = subprocess.run(["bash", "-c", DPKG], input=text, capture_output=True, text=True, check=True).stdout
    return [code == "0" for code in answer.split()]


def rpm(pairs):
    text = "".join(f"{a} {b}\n" for a, b in pairs)
    answer = subprocess.run(["rpm", "--eval", RPM], input=text, capture_output=True, text=True, check=True).stdout
    return [code == "-1" for code in answer.split()]


def apk(pairs):
    return [alpine(a) < alpine(b) for a, b in pairs]


ORDERS = {"deb": dpkg, "rpm": rpm, "apk": apk}


def latest(kind, versions):
    less = lambda a, b: ORDERS[kind]([(a, b)])[0]
    return functools.reduce(lambda a, b: b if less(a, b) else a, versions)


def first(kind, versions):
    less = lambda a, b: ORDERS[kind]([(a, b)])[0]
    return functools.reduce(lambda a, b: b if less(b, a) else a, versions)


READABLE = {
    "deb": r"(\d+:)?[0-9][A-Za-z0-9.+~]*(-[A-Za-z0-9.+~]+)?",
    "rpm": r"(\d+:)?[0-9][A-Za-z0-9.+~^_]*-[A-Za-z0-9.+~^_]+",
    "apk": r"\d+(\.\d+)*[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(-r\d+)?",
}


def around(kind, version):
    """A version and its neighbours, those that are versions."""
    found = {version}
    for place in re.finditer(r"\d+", version):
        for number in (int(place[0]) - 1, int(place[0]) + 1):
            if number >= 0 and len(place[0]) == len(str(int(place[0]))):
                found.add(version[:place.start()] + str(number) + version[place.end():])
    more = {"deb": ["~1", "+1", ".1"], "rpm": ["~1", "^1", ".1"], "apk": []}[kind]
    found |= {version + end for end in more}
    head, hyphen, tail = version.rpartition("-")
    if hyphen and kind == "apk":
        found |= {f"{head}_rc1-{tail}", f"{head}_p1-{tail}", f"{head}.1-{tail}", f"{head}a-{tail}"}
    return sorted(one for one in found if re.fullmatch(READABLE[kind], one))


# What a document says of a package: `below` a version, `all`, `none`, or that it is `unknown`.


class Package:
    def __init__(self, ecosystem, kind, name, module=None, is_source=False):
        self.ecosystem, self.kind, self.name = ecosystem, kind, name
        self.module, self.is_source = module, is_source
        self.said = {}

    def say(self, record, what, version=None, fix_state=None):
        self.said.setdefault(record, []).append((what, version, fix_state))

    def versions(self, rng):
        fixes = sorted({version for said in self.said.values() for _, version, _ in said if version})
        found = set()
        for fix in rng.sample(fixes, min(len(fixes), 4)):
            found.update(around(self.kind, fix))
        return sorted(found) or [{"deb": "1.0-1", "rpm": "1.0-1.el9", "apk": "1.0-r0"}[self.kind]]


def package(packages, *key):
    return packages.setdefault(key, Package(*key))


# Alpine


def names_of(line):
    """The vulnerabilities of a line: CVE numbers, or the first name that is there; remarks stand in brackets."""
    line = line.partition("(")[0].replace("CVE_", "CVE-")
    numbers = re.findall(r"CVE-\d{4}-\d{4,}", line)
    others = [word.strip(",;/") for word in line.split() if re.search(r"\d", word)]
    return numbers or others[:1]


def secdb(documents, packages):
    for document in documents:
        prefix = document.get("urlprefix") or ""
        if "wolfi" in prefix:
            ecosystem = "Wolfi"
        elif "cgr.dev" in prefix:
            ecosystem = "Chainguard"
        else:
            ecosystem = "Alpine:" + document["distroversion"]
        for entry in document["packages"]:
            fixed = {}
            for version, lines in (entry["pkg"].get("secfixes") or {}).items():
                for line in lines or []:
                    for name in names_of(line):
                        fixed.setdefault(name, []).append(version)
            one = package(packages, ecosystem, "apk", entry["pkg"]["name"])
            for name, versions in fixed.items():
                record = ecosystem.partition(":")[0].upper() + "-" + name
                versions = [version for version in versions if version != "0"]
                if any(not re.fullmatch(READABLE["apk"], version) for version in versions):
                    one.say(record, "unread")
                elif versions:
                    one.say(record, "below", latest("apk", versions))
                else:
                    one.say(record, "none")


def made_secdb(rng):
    versions = ["0", "1.0-r0", "1.0-r10", "1.0-r9", "1.0_rc2-r1", "1.0.1b-r0", "1.09-r0", "2_p20200101-r3", "3.10-r0", "3.9-r5"]
    packages = []
    for number in range(40):
        fixes = {}
        for version in rng.sample(versions, rng.randint(1, 4)):
            lines = [f"CVE-2024-{rng.randint(1000, 1012)}" for _ in range(rng.randint(0, 3))]
            lines += rng.sample(["XSA-17", "CVE-2023-0001 CVE-2023-0002", "CVE-2023-0003 (only on ARM)", "CVE_2023-0004,"], 1)
            fixes[version] = lines if rng.random() > 0.1 else None
        packages.append({"pkg": {"name": f"made-{number}", "secfixes": fixes}})
    head = {"apkurl": "x", "reponame": "main", "urlprefix": "https://example.org", "distroversion": "v3.99"}
    return [head | {"packages": packages}]


# Debian

DEBIAN = {
    "wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13",
    "forky": "14",
}


def tracker(documents, packages):
    for document in documents:
        for name, vulnerabilities in document.items():
            for vulnerability, entry in vulnerabilities.items():
                for code_name, said in entry["releases"].items():
                    if code_name not in DEBIAN:
                        continue
                    one = package(packages, "Debian:" + DEBIAN[code_name], "deb", name)
                    record, fixed = "DEBIAN-" + vulnerability, said.get("fixed_version")
                    if said["status"] == "resolved" and fixed == "0":
                        one.say(record, "none")
                    elif said["status"] == "resolved" and fixed:
                        one.say(record, "below", fixed)
                    elif said["status"] == "open":
                        why = {"ignored": "will_not_fix", "postponed": "postponed"}.get(said.get("nodsa_reason"))
                        one.say(record, "all", None, "end_of_life" if said.get("urgency") == "end-of-life" else why)
                    else:
                        one.say(record, "unknown")


def made_tracker(rng):
    versions = ["0", "1.0-1", "1.0-1~deb12u1", "1.0-1+deb12u2", "1:0.9-3", "1.0+dfsg-2", "1.0~rc1-1", "2.10-1", "2.9-1.1"]
    urgencies = ["not yet assigned", "unimportant", "low", "medium", "high", "end-of-life"]
    document = {}
    for number in range(40):
        for _ in range(rng.randint(1, 5)):
            releases = {}
            for code_name in rng.sample([*DEBIAN, "sid"], rng.randint(1, 5)):
                said = {"status": rng.choice(["resolved", "resolved", "open", "undetermined"]), "repositories": {}}
                said["urgency"] = rng.choice(urgencies)
                if said["status"] == "resolved":
                    said["fixed_version"] = rng.choice(versions)
                if said["status"] == "open" and rng.random() < 0.5:
                    said |= {"nodsa": "Minor issue", "nodsa_reason": rng.choice(["ignored", "postponed", ""])}
                releases[code_name] = said
            name = rng.choice([f"CVE-2024-{rng.randint(1000, 1030)}", f"TEMP-0{rng.randint(100000, 100009)}-ABCDEF"])
            document.setdefault(f"made-{number}", {})[name] = {"description": "d", "scope": "remote", "releases": releases}
    return [document]


# Red Hat

PRODUCTS = ["rhel_eus", "rhel_aus", "rhel_tus", "rhel_e4s", "openshift"]


def release_of(cpe):
    match = re.match(r"cpe:/[ao]:redhat:([^:]+):([0-9.]+)(?::|$)", cpe or "")
    if not match:
        return None
    if match[1] == "enterprise_linux":
        return f"Red Hat:enterprise_linux:{match[2].partition('.')[0]}"
    return f"Red Hat:{match[1]}:{match[2]}" if match[1] in PRODUCTS else None


def stream(text):
    return ":".join(text.split(":")[:2])


def component_of(product_id, purl):
    """Its name, its version with epoch, whether it is a source package, and its module."""
    if purl and purl.startswith("pkg:rpm/"):
        path, _, query = purl.removeprefix("pkg:rpm/").partition("?")
        path, _, version = path.partition("@")
        qualifiers = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        epoch = qualifiers.get("epoch")
        version = unquote(version) and (f"{epoch}:" if epoch else "") + unquote(version)
        module = qualifiers.get("rpmmod")
        module = stream(unquote(module).rpartition("/")[2]) if module else None
        return unquote(path.rpartition("/")[2]), version or None, qualifiers.get("arch") == "src", module
    if purl:
        return None
    module, slash, rest = product_id.partition("/")
    module, rest = (module, rest) if slash and ":" in module else (None, product_id)
    match = re.fullmatch(r"(.+)-(\d[^-]*)-(\d[^-]*)\.(src|noarch|x86_64|aarch64|i686|i386|ppc64le|s390x|ppc64)", rest)
    if match:
        return match[1], f"{match[2]}-{match[3]}", match[4] == "src", module
    return rest, None, False, module


def products_of(tree):
    found, open_branches = {}, list(tree.get("branches") or [])
    while open_branches:
        branch = open_branches.pop()
        open_branches += branch.get("branches") or []
        if product := branch.get("product"):
            found[product["product_id"]] = product.get("product_identification_helper") or {}
    return found


def vex(documents, packages):
    # Twice: what comes later may name more streams.
    for _ in range(2):
        for one in packages.values():
            one.said.clear()
        vex_once(documents, packages)


def vex_once(documents, packages):
    statuses = {
        "fixed": "fixed", "first_fixed": "fixed", "recommended": "fixed", "known_affected": "affected",
        "known_not_affected": "never", "under_investigation": "investigated",
    }
    for document in documents:
        products = products_of(document.get("product_tree") or {})
        parts = {
            one["full_product_name"]["product_id"]: (one["product_reference"], one["relates_to_product_reference"])
            for one in (document.get("product_tree") or {}).get("relationships") or []
        }
        for vulnerability in document.get("vulnerabilities") or []:
            said, states = {}, {}
            for remediation in vulnerability.get("remediations") or []:
                key = remediation["category"], remediation.get("details")
                state = {
                    ("no_fix_planned", "Out of support scope"): "end_of_life", ("none_available", "Out of support scope"): "end_of_life",
                    ("none_available", "Will not fix"): "will_not_fix", ("none_available", "Fix deferred"): "postponed",
                    ("none_available", "Deferred"): "postponed",
                }.get(key, "will_not_fix" if key[0] == "no_fix_planned" else None)
                states |= {product: state for product in remediation.get("product_ids") or [] if state}
            for status, ids in (vulnerability.get("product_status") or {}).items():
                for product_id in ids:
                    if product_id not in parts or status not in statuses:
                        continue
                    reference, whole = parts[product_id]
                    module = None
                    while whole in parts:
                        part, whole = parts[whole]
                        purl = products.get(part, {}).get("purl") or ""
                        text = unquote(purl).removeprefix("pkg:rpmmod/").partition("?")[0] if purl.startswith("pkg:rpmmod/") else part
                        text = text.rpartition("/")[2] if purl.startswith("pkg:rpmmod/") else text
                        module = module or stream(text.replace("@", ":", 1))
                    release = release_of(products.get(whole, {}).get("cpe"))
                    component = component_of(reference, products.get(reference, {}).get("purl"))
                    if release is None or component is None:
                        continue
                    name, version, is_source, own = component
                    for kind in [is_source] if version else [False, True]:
                        key = release, "rpm", name, own or module, kind
                        said.setdefault(key, []).append((statuses[status], version, states.get(product_id)))
            record = "REDHAT-" + vulnerability["cve"]
            for release, kind, name, module, is_source in packages:
                # A document that tells no streams apart may mean all of them, which is for us to decide.
                bare = (release, kind, name, None, is_source)
                streams = [key for key in said if key[0] == release and key[2] == name and key[3]]
                if module and bare in said and not streams:
                    packages[release, kind, name, module, is_source].say(record, "unread")
            for key, what in said.items():
                one = package(packages, *key)
                fixes = sorted({version for status, version, _ in what if status == "fixed" and version})
                state = next((state for _, _, state in what if state), None)
                if fixes:
                    mixed = key[3] is None and any(".module" in version for version in fixes)
                    one.say(record, "below", latest("rpm", fixes) if mixed else first("rpm", fixes))
                elif any(status == "affected" for status, _, _ in what):
                    one.say(record, "all", None, state)
                elif any(status in ("fixed", "investigated") for status, _, _ in what):
                    one.say(record, "unknown")
                elif any(status == "never" and version is None for status, version, _ in what):
                    one.say(record, "none")


def made_vex(rng):
    documents = []
    platforms = {
        "BaseOS-9": "cpe:/o:redhat:enterprise_linux:9::baseos", "AppStream-8": "cpe:/a:redhat:enterprise_linux:8::appstream",
        "AppStream-9.2.EUS": "cpe:/a:redhat:rhel_eus:9.2::appstream", "RHEL-7": "cpe:/o:redhat:enterprise_linux:7",
        "Satellite": "cpe:/a:redhat:satellite:6.15::el8",
    }
    versions = ["1.0-1.el9", "1.0-2.el9_2.1", "1.0~rc1-1.el9", "1.0^git1-1.el9", "2.10-3.el9", "2.9-9.el9"]
    for number in range(30):
        branches = [{"product": {"product_id": one, "name": one, "product_identification_helper": {"cpe": cpe}}} for one, cpe in platforms.items()]
        relationships, status, remediations = [], {}, []

        def relate(component, platform):
            whole = f"{platform}:{component}"
            relationships.append({
                "category": "default_component_of", "full_product_name": {"name": whole, "product_id": whole},
                "product_reference": component, "relates_to_product_reference": platform,
            })
            return whole

        for _ in range(12):
            name, platform = f"made-{rng.randint(0, 5)}", rng.choice(list(platforms))
            kind = rng.choice(["fixed", "fixed", "fixed", "known_affected", "known_not_affected", "under_investigation"])
            if kind == "fixed":
                version, epoch, arch = rng.choice(versions), rng.choice(["", "1"]), rng.choice(["x86_64", "src"])
                purl = f"pkg:rpm/redhat/{name}@{version.replace('^', '%5E')}?arch={arch}" + (f"&epoch={epoch}" if epoch else "")
                component = f"{name}-{epoch or 0}:{version}.{arch}"
            else:
                component, purl = name, f"pkg:rpm/redhat/{name}"
            branches.append({"product": {"product_id": component, "name": component, "product_identification_helper": {"purl": purl}}})
            if rng.random() < 0.2 and platform == "AppStream-8":
                module = f"stream-{rng.randint(1, 2)}:1"
                purl = f"pkg:rpmmod/redhat/{module.replace(':', '@')}:8090020231031"
                branches.append({"product": {"product_id": module, "name": module, "product_identification_helper": {"purl": purl}}})
                platform = relate(module, platform)
            whole = relate(component, platform)
            status.setdefault(kind, []).append(whole)
            if kind == "known_affected":
                category, details = rng.choice([("none_available", "Affected"), ("none_available", "Fix deferred"),
                                                ("no_fix_planned", "Will not fix"), ("no_fix_planned", "Out of support scope")])
                remediations.append({"category": category, "details": details, "product_ids": [whole]})
        cve = f"CVE-2024-{2000 + number}"
        documents.append({
            "document": {
                "category": "csaf_vex", "csaf_version": "2.0", "publisher": {"namespace": "https://www.redhat.com"},
                "tracking": {"id": cve, "current_release_date": "2024-01-01T00:00:00+00:00", "initial_release_date": "2024-01-01T00:00:00+00:00"},
            },
            "product_tree": {"branches": [{"branches": branches}], "relationships": relationships},
            "vulnerabilities": [{"cve": cve, "product_status": status, "remediations": remediations}],
        })
    return documents


# Ubuntu


def ubuntu(documents, packages):
    for record in documents:
        if record.get("withdrawn"):
            continue
        said = {}
        for affected in record.get("affected") or []:
            ecosystem = (affected.get("package") or {}).get("ecosystem") or ""
            match = re.fullmatch(r"Ubuntu:(Pro:)?(\d+)\.(\d\d)(:LTS)?", ecosystem)
            if not match:
                continue
            is_long = match[3] == "04" and int(match[2]) % 2 == 0
            release = f"Ubuntu:{match[2]}.{match[3]}" + (":LTS" if is_long else "")
            ends = [
                event.get("fixed")
                for ranges in affected.get("ranges") or [] for event in ranges["events"] if "introduced" not in event
            ]
            said.setdefault((release, affected["package"]["name"]), []).append((bool(match[1]), ends[0] if ends else None))
        for (release, name), entries in said.items():
            one = package(packages, release, "deb", name)
            open_fixes = [fix for is_pro, fix in entries if not is_pro and fix]
            pro_fixes = [fix for is_pro, fix in entries if is_pro and fix]
            if open_fixes:
                one.say(record["id"], "below", latest("deb", open_fixes))
            elif pro_fixes:
                one.say(record["id"], "below", latest("deb", pro_fixes), "subscription")
            else:
                one.say(record["id"], "all")


def made_ubuntu(rng):
    versions = ["1.0-1", "1.0-1ubuntu1", "1.0-1ubuntu1.1", "1.0-1ubuntu1~22.04.1", "1:0.5-1", "1.0-1ubuntu0.1~esm2"]
    records = []
    for number in range(40):
        affected = []
        for name in rng.sample(["made-a", "made-b", "made-c"], rng.randint(1, 3)):
            for release in rng.sample(["18.04", "20.04", "22.04", "23.10"], rng.randint(1, 3)):
                tail = "" if release == "23.10" else ":LTS"
                for pocket in rng.choice([[""], ["Pro:"], ["", "Pro:"]]):
                    if pocket and release == "23.10":
                        continue
                    fix = [{"fixed": rng.choice(versions)}] if rng.random() < 0.7 else []
                    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *fix]}]
                    affected.append({"package": {"ecosystem": f"Ubuntu:{pocket}{release}{tail}", "name": name}, "ranges": ranges})
        if affected:
            records.append({
                "schema_version": "1.6.3", "id": f"UBUNTU-CVE-2024-{3000 + number}", "modified": "2024-01-01T00:00:00Z",
                "upstream": [f"CVE-2024-{3000 + number}"], "affected": affected,
            })
    return records


FORMATS = {
    "secdb": (secdb, made_secdb), "tracker": (tracker, made_tracker), "vex": (vex, made_vex), "ubuntu": (ubuntu, made_ubuntu),
}


def answer(packages, rng):
    """Each package in each version, with what is said of it there."""
    asked, pairs = [], {}
    for one in packages:
        for version in one.versions(rng):
            asked.append((one, version))
            for said in one.said.values():
                for what, fix, _ in said:
                    if what == "below":
                        pairs[one.kind, version, fix] = None
    for kind, order in ORDERS.items():
        mine = [pair for pair in pairs if pair[0] == kind]
        for pair, less in zip(mine, order([pair[1:] for pair in mine]), strict=True):
            pairs[pair] = less
    for one, version in asked:
        says = {}
        for record, said in one.said.items():
            states = [
                "unread" if what == "unread" else "unknown" if what == "unknown"
                else "affected" if what == "all" or (what == "below" and pairs[one.kind, version, fix]) else "not"
                for what, fix, _ in said
            ]
            # Of two statements of a vendor, the one that leaves more versions affected is believed.
            state = next(state for state in ("unread", "affected", "unknown", "not") if state in states)
            hits = [said[place] for place, mine in enumerate(states) if mine == state == "affected"]
            says[record] = {"state": state, "fixed": [fix for _, fix, _ in hits], "fix_states": [why for _, _, why in hits]}
        yield {
            "ecosystem": one.ecosystem, "kind": one.kind, "name": one.name, "version": version, "module": one.module,
            "is_source": one.is_source, "says": says,
        }


def main():
    asked = json.loads(sys.stdin.readline())
    read, make = FORMATS[asked["format"]]
    rng = random.Random(5)
    documents = []
    for path in asked["files"]:
        with open(path, encoding="utf-8") as file:
            documents.append(json.load(file))
    if asked["made"]:
        documents = make(rng)
        for number, document in enumerate(documents):
            with open(os.path.join(asked["made"], f"{number}.json"), "w", encoding="utf-8") as file:
                json.dump(document, file)
    packages = {}
    read(documents, packages)
    packages = [packages[key] for key in sorted(packages, key=repr)]
    packages = rng.sample(packages, min(len(packages), asked["most"]))
    for line in answer(packages, rng):
        print(json.dumps(line))


main()
