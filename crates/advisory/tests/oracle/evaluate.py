"""The evaluation of OSV records as the schema documents it, and nothing else: https://ossf.github.io/osv-schema/#evaluation.

Reads lines of JSON. The first names the files of records, archives or lists of one record a line. Each other is a question:
an ecosystem, the name of a package, and versions. Each answer is a line of JSON: for each version the records that affect it,
with the version that fixes it, and the records that cannot be evaluated because a version in them cannot be read.

The order of versions is asked of the tool whose order it is: Python's packaging, RubyGems, rpm, Maven, PHP. For those
that cannot be installed beside them there is a plain comparison below, written from their documents.
"""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile

from orders import alpine


def base(ecosystem):
    return ecosystem.split(":")[0]


BITNAMI = {
    "go": "golang", "httpd": "apache", "libphp": "php", "php-cli": "php", "php-fpm": "php",
    "jdk": "java", "jre": "java", "openjdk": "java", "zulu": "java",
}


def normalised(ecosystem, name):
    if base(ecosystem) == "PyPI":
        return re.sub(r"[-_.]+", "-", name).lower()
    if base(ecosystem) == "Bitnami":
        # Not the schema's, but ours: programs go by the names of Bitnami's components, and so do parts of them.
        return BITNAMI.get(name, name)
    return name.lower() if base(ecosystem) in ("NuGet", "Packagist") else name


def read_records(paths):
    """The records that are in force, by ecosystem and name of what they are about."""
    found = {}

    def add(text):
        record = json.loads(text)
        if record.get("withdrawn"):
            return
        for affected in record.get("affected") or []:
            package = affected.get("package")
            if package:
                key = package["ecosystem"], normalised(package["ecosystem"], package["name"])
                found.setdefault(key, []).append((record["id"], affected))

    for path in paths:
        if path.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith(".json"):
                        add(archive.read(name))
        else:
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    add(line)
    return found


# The orders of versions: each gives for lists of versions the place of each version, and None for those it cannot read.


def places(versions, compare):
    ordered = sorted(versions, key=functools.cmp_to_key(compare))
    found, place = {}, 0
    for index, version in enumerate(ordered):
        if index and compare(ordered[index - 1], version):
            place += 1
        found[version] = place
    return found


def by_key(key):
    def order(groups):
        for versions in groups:
            keys = {}
            for version in versions:
                try:
                    keys[version] = key(version)
                except ValueError:
                    pass
            compare = lambda a, b: (keys[a] > keys[b]) - (keys[a] < keys[b])
            yield places(list(keys), compare)

    return order


def by_comparison(compare):
    def order(groups):
        for versions in groups:
            yield places(list(versions), compare)

    return order


def asked(command, readable=r".+"):
    """A tool that reads `group TAB version` and writes `group TAB place TAB version`, for those that it can read."""

    def order(groups):
        groups = [[version for version in group if re.fullmatch(readable, version)] for group in groups]
        text = "".join(f"{index}\t{v}\n" for index, group in enumerate(groups) for v in sorted(group))
        answer = subprocess.run(command(), input=text, capture_output=True, text=True, check=True).stdout
        found = [{} for _ in groups]
        for line in filter(None, answer.splitlines()):
            index, place, version = line.split("\t")
            found[int(index)][version] = int(place)
        return found

    return order


RUBY = """
groups = Hash.new { |h, k| h[k] = [] }
STDIN.each_line(chomp: true) { |l| g, v = l.split("\\t"); groups[g] << [Gem::Version.new(v), v] if Gem::Version.correct?(v) }
groups.each do |g, list|
  list.sort_by!(&:first)
  place = 0
  list.each_with_index { |(key, v), i| place += 1 if i > 0 && (list[i - 1][0] <=> key) != 0; puts "#{g}\\t#{place}\\t#{v}" }
end
"""

LUA = """%{lua:
local groups, names = {}, {}
for line in io.lines() do
  local g, v = line:match('^(%d+)\\t(.+)$')
  if not groups[g] then groups[g] = {} table.insert(names, g) end
  table.insert(groups[g], v)
end
for _, g in ipairs(names) do
  local list, place = groups[g], 0
  table.sort(list, function(a, b) return rpm.vercmp(a, b) < 0 end)
  for i, v in ipairs(list) do
    if i > 1 and rpm.vercmp(list[i - 1], v) ~= 0 then place = place + 1 end
    print(g .. '\\t' .. place .. '\\t' .. v .. '\\n')
  end
end}"""

PHP = """
$groups = [];
while (($line = fgets(STDIN)) !== false) { [$g, $v] = explode("\\t", rtrim($line, "\\n")); $groups[$g][] = $v; }
$bare = fn($v) => ltrim($v, 'vV');
$compare = fn($a, $b) => version_compare($bare($a), $bare($b));
foreach ($groups as $g => $list) {
    usort($list, $compare);
    $place = 0;
    foreach ($list as $i => $v) { if ($i && $compare($list[$i - 1], $v)) $place++; echo "$g\\t$place\\t$v\\n"; }
}
"""

JAVA = """
import java.io.*; import java.util.*; import org.apache.maven.artifact.versioning.ComparableVersion;
public class Places {
  public static void main(String[] words) throws IOException {
    var groups = new TreeMap<Integer, List<String>>();
    var in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line; (line = in.readLine()) != null;) {
      String[] parts = line.split("\\t", 2);
      groups.computeIfAbsent(Integer.valueOf(parts[0]), k -> new ArrayList<>()).add(parts[1]);
    }
    var out = new PrintStream(System.out, false, "UTF-8");
    groups.forEach((g, list) -> {
      var sorted = new TreeMap<ComparableVersion, List<String>>();
      for (String v : list) sorted.computeIfAbsent(new ComparableVersion(v), k -> new ArrayList<>()).add(v);
      int place = 0;
      for (var same : sorted.values()) { for (String v : same) out.println(g + "\\t" + place + "\\t" + v); place++; }
    });
    out.flush();
  }
}
"""


def java():
    path = os.path.join(tempfile.mkdtemp(), "Places.java")
    with open(path, "w", encoding="utf-8") as file:
        file.write(JAVA)
    return ["java", "-cp", "/usr/share/maven/lib/*", path]


def python(groups):
    """Asks packaging, which is no part of Python; pip brings its own."""
    try:
        from packaging.version import Version
    except ImportError:
        from pip._vendor.packaging.version import Version
    return by_key(Version)(groups)


def semver(version):
    """https://semver.org/#spec-item-11, with missing numbers as zero."""
    match = re.fullmatch(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", version)
    if not match:
        raise ValueError(version)
    numbers = tuple(int(match[place] or 0) for place in (1, 2, 3))
    if match[4] is None:
        return numbers, (1,)
    words = tuple((0, int(word), "") if word.isdigit() else (1, 0, word) for word in match[4].split("."))
    return numbers, (0, words)


def go(version):
    """The toolchain's own versions have their pre-release right after the number."""
    match = re.fullmatch(r"(?:go)?(\d+\.\d+)(alpha|beta|rc)(\d+)", version)
    return semver(f"{match[1]}.0-{match[2]}.{match[3]}" if match else version.removeprefix("go"))


def debian(version):
    """https://www.debian.org/doc/debian-policy/ch-controlfields.html#version."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    if not epoch.isdigit() or not re.fullmatch(r"[A-Za-z0-9.+:~-]+", rest):
        raise ValueError(version)
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")

    def part(text):
        key = []
        while text:
            word = re.match(r"\D*", text)[0]
            number = re.match(r"\d*", text[len(word):])[0]
            text = text[len(word) + len(number):]
            signs = [-1 if sign == "~" else ord(sign) if sign.isalpha() else ord(sign) + 256 for sign in word]
            key += [signs + [0], int(number or 0)]
        return key + [[0]]

    return int(epoch), part(upstream), part(revision)


def numbers(version):
    return [int(part) for part in re.split(r"[.-]", version)]


def lower_semver(version):
    match = re.fullmatch(r"(\d+(?:\.\d+){0,2})(?:\.(\d+))?(.*)", version.lower())
    if not match:
        raise ValueError(version)
    main, rest = semver(match[1] + match[3])
    return main, int(match[2] or 0), rest


ORDERS = {
    "Alpine": by_key(alpine),
    "AlmaLinux": asked(lambda: ["rpm", "--eval", LUA]),
    "Rocky Linux": asked(lambda: ["rpm", "--eval", LUA]),
    "Bitnami": by_key(semver),
    "CRAN": by_key(numbers),
    "crates.io": by_key(semver),
    "Debian": by_key(debian),
    "Go": by_key(go),
    "Hex": by_key(semver),
    "Julia": by_key(semver),
    # What a word means after one that means nothing is read differently from one release of Maven to the next.
    "Maven": asked(java, r"(?i)(?!.*(?:final|ga|release)[-.~]?(?:alpha|rc)).+"),
    "npm": by_key(semver),
    "NuGet": by_key(lower_semver),
    # PHP gives an order to any text; these are the signs that Composer allows.
    "Packagist": asked(lambda: ["php", "-r", PHP], r"[vV]?[0-9][0-9A-Za-z.+_-]*"),
    "PyPI": python,
    "RubyGems": asked(lambda: ["ruby", "-e", RUBY]),
    "SwiftURL": by_key(semver),
    "Ubuntu": by_key(debian),
}


def versions_of(affected):
    found = set(affected.get("versions") or [])
    for ranges in affected.get("ranges") or []:
        if ranges["type"] != "GIT":
            found.update(version for event in ranges["events"] for version in event.values() if version not in ("0", "*"))
    return found


def within(place, ranges, place_of):
    """Whether a version is in a range, and the fix that ends the part of the range in which it is."""
    events = []
    for event in ranges["events"]:
        events += [(kind, version) for kind, version in event.items()]
    limits = [version for kind, version in events if kind == "limit"]
    if limits and "*" not in limits and not any(place < place_of(limit) for limit in limits):
        return False, None
    events = [event for event in events if event[0] != "limit"]
    if not any(kind == "introduced" for kind, _ in events):
        # Against the schema; whoever names an end means everything before it.
        events = [("introduced", "0")] + events
    inside, fixed = False, None
    for kind, version in sorted(events, key=lambda event: place_of(event[1])):
        at = place_of(version)
        if kind == "introduced" and place >= at:
            inside, fixed = True, None
        elif kind == "fixed" and place >= at:
            inside, fixed = False, None
        elif kind == "last_affected" and place > at:
            inside, fixed = False, None
        elif kind in ("fixed", "last_affected") and inside and fixed is None:
            fixed = (kind, version)
    return inside, fixed[1] if inside and fixed and fixed[0] == "fixed" else None


def evaluate(version, records, place_of):
    affecting, unread = {}, []
    place = place_of(version)
    for name, affected in records:
        try:
            hit, fixes = version in (affected.get("versions") or []), []
            for listed in affected.get("versions") or []:
                hit = hit or place_of(listed) == place
            for ranges in affected.get("ranges") or []:
                if ranges["type"] != "GIT":
                    inside, fixed = within(place, ranges, place_of)
                    hit = hit or inside
                    fixes += [fixed] if inside else []
            if hit:
                affecting.setdefault(name, []).extend(fixes)
        except KeyError:
            unread.append(name)
    return affecting, unread


def main():
    lines = sys.stdin
    records = read_records(json.loads(next(lines))["records"])
    questions = [json.loads(line) for line in lines]
    by_base = {}
    for index, question in enumerate(questions):
        by_base.setdefault(base(question["ecosystem"]), []).append(index)
    answers = [None] * len(questions)
    for ecosystem, indices in by_base.items():
        of = lambda question: records.get((question["ecosystem"], normalised(question["ecosystem"], question["name"])), [])
        groups = []
        for index in indices:
            group = set(questions[index]["versions"])
            for _, affected in of(questions[index]):
                group |= versions_of(affected)
            groups.append({version for version in group if not re.search(r"\s", version)})
        try:
            orders = list(ORDERS[ecosystem](groups))
        except (ImportError, OSError, subprocess.CalledProcessError) as error:
            print(f"{ecosystem} is left out, its tool is not installed: {error}", file=sys.stderr)
            continue
        for index, order in zip(indices, orders):
            # `0` is before every version.
            place_of = lambda version: -1 if version == "0" else order[version]
            found = []
            for version in questions[index]["versions"]:
                if version in order:
                    affecting, unread = evaluate(version, of(questions[index]), lambda v: order[v] if v == version else place_of(v))
                    found.append({"affected": affecting, "unread": unread})
                else:
                    found.append(None)
            answers[index] = found
    for answer in answers:
        print(json.dumps(answer))


main()
