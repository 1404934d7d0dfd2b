//! Programs of Go, built here byte by byte.

use super::*;
use crate::extract::tests_support::browsed;
use expect_test::expect;

/// A 64-bit file with one writable segment of these bytes at this address.
fn elf(address: u64, data: &[u8]) -> Vec<u8> {
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1];
    file.resize(32, 0);
    file.extend(64_u64.to_le_bytes());
    file.resize(54, 0);
    file.extend([56, 0, 1, 0]);
    file.resize(64, 0);
    file.extend([1, 0, 0, 0, 6, 0, 0, 0]);
    for number in [128, address, address, data.len() as u64, data.len() as u64, 16] {
        file.extend(number.to_le_bytes());
    }
    file.resize(128, 0);
    file.extend(data);
    file
}

fn read_data(address: u64, data: &[u8]) -> String {
    let file = File { path: "app", size: 0, mode: 0o755 };
    browsed(browse, &file, &elf(address, data), &Limits::default())
}

const MODULES: &str = "0123456789abcdefpath\tx\nmod\texample.com/x\t(devel)\t\ndep\tgolang.org/x/net\tv0.1.0\th1:=\n\
                       dep\told\tv1.0.0\n=>\tnew\tv2.0.0\th1:=\ndep\tlocal\tv1\n=>\t./local\t\n0123456789abcdef";

/// The beginning of build information that has its texts in place: that of Go itself.
fn in_place() -> Vec<u8> {
    let mut data = vec![0; 16];
    data.extend(MAGIC);
    data.extend([8, 2]);
    data.resize(48, 0);
    data.push(8);
    data.extend(b"go1.22.1");
    data
}

#[test]
fn a_program_with_a_rule_has_its_version_from_there() {
    let text = "0123456789abcdefpath\tgithub.com/hashicorp/vault\nmod\tgithub.com/hashicorp/vault\t(devel)\t\n0123456789abcdef";
    let mut data = in_place();
    data.push(u8::try_from(text.len()).unwrap());
    data.extend(text.bytes());
    data.extend(b"\0\0revoke1.18.0unsealed");
    let read = |path| {
        let file = File { path, size: 0, mode: 0o755 };
        browsed(browse, &file, &elf(4096, &data), &Limits::default())
    };
    assert_eq!(read("bin/vault"), "golang stdlib 1.22.1\ngolang github.com/hashicorp/vault 1.18.0\n");
    assert_eq!(read("bin/other"), "golang stdlib 1.22.1\ngolang github.com/hashicorp/vault (devel)\n");
}

#[test]
fn strings_in_place() {
    let mut data = in_place();
    data.extend([
        u8::try_from(MODULES.len() & 0x7f).unwrap() | 0x80,
        u8::try_from(MODULES.len() >> 7).unwrap(),
    ]);
    data.extend(MODULES.as_bytes());
    expect![[r#"
        golang stdlib 1.22.1
        golang example.com/x (devel)
        golang golang.org/x/net v0.1.0
        golang new v2.0.0
        golang ./local (devel)
    "#]]
    .assert_eq(&read_data(0x1000, &data));
    for length in 0..data.len() {
        read_data(0x1000, data.get(..length).unwrap());
    }
}

#[test]
fn strings_behind_pointers() {
    let mut data = MAGIC.to_vec();
    data.extend([8, 0]);
    for number in [0x1020_u64, 0x1030, 0x1040, 8, 0x1048, MODULES.len() as u64] {
        data.extend(number.to_le_bytes());
    }
    data.extend(b"go1.17.1");
    data.extend(MODULES.as_bytes());
    let text = read_data(0x1000, &data);
    assert!(text.starts_with("golang stdlib 1.17.1\ngolang example.com/x (devel)\n"), "{text}");
    // Pointers that lead nowhere are no build information.
    assert_eq!(read_data(0x9000, &data), "nothing\n");
}

/// What is read from these module lines.
fn read_modules(modules: &str) -> String {
    let modules = format!("0123456789abcdef{modules}\n0123456789abcdef");
    let mut data = MAGIC.to_vec();
    data.extend([8, 2]);
    data.resize(32, 0);
    data.push(8);
    data.extend(b"go1.22.1");
    let length = modules.len();
    data.extend([u8::try_from(length & 0x7f).unwrap() | 0x80, u8::try_from(length >> 7).unwrap()]);
    data.extend(modules.as_bytes());
    read_data(0x1000, &data)
}

#[test]
fn programs_without_modules_are_named_by_their_path() {
    expect![[r#"
        golang stdlib 1.22.1
        golang github.com/docker/docker/cmd/dockerd 20.10.24+dfsg1
    "#]]
    .assert_eq(&read_modules(
        "path\tgithub.com/docker/docker/cmd/dockerd\nbuild\t-compiler=gc\n\
         build\t-ldflags=\"-w -X \\\"github.com/docker/docker/dockerversion.Version=20.10.24+dfsg1\\\"\"",
    ));
    assert_eq!(read_modules("path\tcommand-line-arguments"), "golang stdlib 1.22.1\n");
}

#[test]
fn a_version_of_the_linker_is_believed_of_the_project_alone() {
    let version = |flags: &str| {
        let text =
            read_modules(&format!("path\tx\nmod\texample.com/app\t(devel)\t\nbuild\t-ldflags={flags}"));
        text.lines().last().unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(version("-X main.version=v1.2.3"), "v1.2.3");
    assert_eq!(version("'-s -X example.com/app/internal.gitVersion=1.2'"), "1.2");
    assert_eq!(version("-X example.com/other.Version=9.9.9"), "9.9.9");
    assert_eq!(version("-X github.com/other/lib.Version=9.9.9"), "(devel)");
    assert_eq!(version("-X main.version=unknown"), "(devel)");
    let text = "path\tx\nmod\tgithub.com/prometheus/prometheus\t(devel)\t\n\
                build\t-ldflags=-X github.com/prometheus/common/version.Version=2.45.0";
    assert!(read_modules(text).ends_with("github.com/prometheus/prometheus 2.45.0\n"));
    assert_eq!(version("-X main.built=1.2.3"), "(devel)");
    assert_eq!(version("-X =1.2.3 -X ."), "(devel)");
}

#[test]
fn a_program_of_a_commit_has_the_version_of_the_commit() {
    let of = |settings: &str| {
        let text = read_modules(&format!("path\tx\nmod\texample.com/app\t(devel)\t\n{settings}dep\ta\tv1\n"));
        text.lines().skip(1).collect::<Vec<_>>().join(", ")
    };
    let commit = "build\tvcs.revision=0123456789abcdef0123\nbuild\tvcs.time=2023-11-29T20:21:19Z\n";
    assert_eq!(of(commit), "golang example.com/app v0.0.0-20231129202119-0123456789ab in main, golang a v1");
    let linked = format!("build\t-ldflags=-X main.version=1.2.3\n{commit}");
    assert_eq!(of(&linked), "golang example.com/app 1.2.3, golang a v1");
    let unknown = "golang example.com/app (devel), golang a v1";
    assert_eq!(of("build\tvcs.revision=0123456789abcdef0123\n"), unknown);
    assert_eq!(of(&commit.replace('Z', "+02:00")), unknown);
    assert_eq!(of(&commit.replace("0123456789a", "0123 456789")), unknown);
}

#[test]
fn what_the_linker_set_tells_a_version_where_the_flags_are_not_kept() {
    let version = |data: &[u8]| linked_text(data.into());
    assert_eq!(version(b"text\0\x0020.10.24+dfsg1\0\0x\0").unwrap(), b"20.10.24+dfsg1");
    assert_eq!(version(b"\0v1.2.3\0 \0v1.2.3\0\0").unwrap(), b"v1.2.3");
    assert_eq!(version(b"\0v1.2.3-rc.1\0").unwrap(), b"v1.2.3-rc.1");
    assert_eq!(version(b"\x001.1.5+ds1-1\0 \x001.1.5+ds1\0\0").unwrap(), b"1.1.5+ds1");
    // Whose are they?
    assert_eq!(version(b"\0v3.14.2\0 \0v1.29.0\0\0"), None);
    assert_eq!(version(b"\0go1.22.1\0 1.2.3\0"), None);
    assert_eq!(version(b"v1.2.3"), None);
}

#[test]
fn a_program_whose_build_information_was_taken_out_still_says_its_go() {
    let read = |content: &[u8]| {
        let file = File { path: "app", size: 0, mode: 0o755 };
        browsed(browse, &file, content, &Limits::default())
    };
    let program = |data: &[u8]| crate::build::elf(&[(".gopclntab", &[0; 8]), (".rodata", data)]);
    expect![[r#"
        golang stdlib 1.26.5
        unsupported: a Go program without build information
    "#]]
    .assert_eq(&read(&program(b"needs go1.21 or cgo1.5\0 \0go1.26.5\0")));
    assert_eq!(read(&program(b"needs go1.21 or")), "unsupported: a Go program without build information\n");
}

#[test]
fn other_programs_have_no_modules() {
    assert_eq!(read_data(0, b"nothing here"), "nothing\n");
}
