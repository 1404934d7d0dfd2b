//! The tools whose orders these are, asked where they are installed.

use std::io::Write;
use std::process::{Command, Stdio};

/// Pairs of versions.
pub(super) type Pairs = [(String, String)];

/// A scheme, the name of the tool whose order it is, and how it is asked: for each pair `<`, `=` or `>`, or `?` where it
/// cannot read one of them. `None` if it is not installed.
pub(super) type Tool = (&'static str, &'static str, fn(&Pairs) -> Option<Vec<String>>);

/// The tools, by the schemes whose orders they are.
pub(super) const TOOLS: &[Tool] = &[
    ("composer", "Composer", composer),
    ("conan", "Conan", conan),
    ("deb", "dpkg", dpkg),
    ("gem", "RubyGems", rubygems),
    ("maven", "Maven", maven),
    ("npm", "npm's semver", node_semver),
    ("pep440", "Python's packaging", packaging),
    ("rpm", "rpm", rpm),
];

/// Asks a tool that reads lines of two words.
fn ask(tool: &str, words: &[&str], pairs: &Pairs) -> Option<Vec<String>> {
    let mut child = Command::new(tool)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut input = child.stdin.take()?;
    let lines: String = pairs.iter().map(|(left, right)| format!("{left} {right}\n")).collect();
    let writer = std::thread::spawn(move || {
        // A tool that ends early has its answer missing below.
        let _ = input.write_all(lines.as_bytes());
    });
    let output = child.wait_with_output().ok()?;
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).ok()?;
    let answers: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    (output.status.success() && answers.len() == pairs.len()).then_some(answers)
}

fn dpkg(pairs: &Pairs) -> Option<Vec<String>> {
    let script = "while read -r a b; do
        dpkg --validate-version \"$a\" && dpkg --validate-version \"$b\" || { echo '?'; continue; }
        if dpkg --compare-versions \"$a\" lt \"$b\"; then echo '<'
        elif dpkg --compare-versions \"$a\" gt \"$b\"; then echo '>'; else echo '='; fi; done";
    let probe = Command::new("dpkg").args(["--compare-versions", "1", "lt", "2"]).status();
    probe.is_ok_and(|status| status.success()).then(|| ask("sh", &["-c", script], pairs)).flatten()
}

fn rpm(pairs: &Pairs) -> Option<Vec<String>> {
    // In a macro `print` ends no line, and rpm ends the last one.
    let script = "%{lua: for line in io.lines() do local a, b = line:match('^(%S+) (%S+)$')
        local c = rpm.vercmp(a, b) print((c < 0 and '<' or c > 0 and '>' or '=') .. '\\n') end}";
    ask("rpm", &["--eval", script], pairs)
}

fn rubygems(pairs: &Pairs) -> Option<Vec<String>> {
    let script = "STDIN.each_line do |line| a, b = line.split
        begin puts %w[< = >][(Gem::Version.new(a) <=> Gem::Version.new(b)) + 1]
        rescue ArgumentError then puts '?' end end";
    ask("ruby", &["-e", script], pairs)
}

fn packaging(pairs: &Pairs) -> Option<Vec<String>> {
    let script = "
import sys
try:
    from packaging.version import Version, InvalidVersion
except ImportError:
    from pip._vendor.packaging.version import Version, InvalidVersion
for line in sys.stdin:
    a, b = line.split()
    try:
        left, right = Version(a), Version(b)
        print('<' if left < right else '>' if left > right else '=')
    except InvalidVersion:
        print('?')
";
    ask_python(script, pairs)
}

fn conan(pairs: &Pairs) -> Option<Vec<String>> {
    let script = "
import sys
from conan.internal.model.version import Version
for line in sys.stdin:
    a, b = map(Version, line.split())
    print('<' if a < b else '>' if b < a else '=')
";
    ask_python(script, pairs)
}

/// Asks the first Python that has the library; that of the system often has one that others lack.
fn ask_python(script: &str, pairs: &Pairs) -> Option<Vec<String>> {
    ["python3", "/usr/bin/python3"].iter().find_map(|python| ask(python, &["-c", script], pairs))
}

fn node_semver(pairs: &Pairs) -> Option<Vec<String>> {
    let script = "
const places = ['semver', '/usr/lib/node_modules/npm/node_modules/semver', '/usr/share/nodejs/semver',
    '/usr/local/lib/node_modules/npm/node_modules/semver'];
const semver = places.map(place => { try { return require(place) } catch { return null } }).find(Boolean);
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n');
for (const line of lines) {
    const [a, b] = line.split(' ');
    console.log(semver.valid(a) && semver.valid(b) ? '=><'[(semver.compare(a, b) + 3) % 3] : '?');
}";
    ask("node", &["-e", script], pairs)
}

fn composer(pairs: &Pairs) -> Option<Vec<String>> {
    let script = "
foreach (['/usr/share/php/Composer/Semver/autoload.php', 'phar:///usr/local/bin/composer/vendor/autoload.php',
          'phar:///usr/bin/composer/vendor/autoload.php'] as $place) { if (@include_once $place) break; }
$parser = new Composer\\Semver\\VersionParser;
while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = explode(' ', trim($line));
    try { $a = $parser->normalize($a); $b = $parser->normalize($b); } catch (Exception $e) { echo \"?\\n\"; continue; }
    if (str_starts_with($a, 'dev-') || str_starts_with($b, 'dev-')) { echo \"?\\n\"; continue; }
    echo ['<', '=', '>'][(Composer\\Semver\\Comparator::equalTo($a, $b) ? 1
        : (Composer\\Semver\\Comparator::lessThan($a, $b) ? 0 : 2))], \"\\n\";
}";
    ask("php", &["-r", script], pairs)
}

/// Maven's class has a `main` that compares each of its words with the next: the pairs go in as words, and every second
/// answer is wanted.
fn maven(pairs: &Pairs) -> Option<Vec<String>> {
    let mut answers = Vec::new();
    for chunk in pairs.chunks(1000) {
        let answer = Command::new("java")
            .args(["-cp", "/usr/share/maven/lib/*", "org.apache.maven.artifact.versioning.ComparableVersion"])
            .args(chunk.iter().flat_map(|(left, right)| [left, right]))
            .output();
        let answer = answer.ok().filter(|answer| answer.status.success())?;
        let text = String::from_utf8(answer.stdout).ok()?;
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("   ")).map(str::trim).collect();
        for ((left, right), line) in chunk.iter().zip(lines.iter().step_by(2)) {
            let sign = line.split(' ').nth(1)?.replace("==", "=");
            assert_eq!(
                *line,
                format!("{left} {} {right}", sign.replace('=', "==")),
                "another pair was asked"
            );
            answers.push(sign);
        }
    }
    (answers.len() == pairs.len()).then_some(answers)
}
