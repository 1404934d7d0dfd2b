//! Linux itself, and its modules, as images of virtual machines and of build hosts have them.
//!
//! For x86 the boot header says where the text of the version stands
//! (<https://docs.kernel.org/arch/x86/boot.html>); for other machines, and in a kernel that is not packed, the banner
//! `Linux version 6.1.0-18-arm64 (…` is searched for. A module has `KEY=VALUE` texts in its section `.modinfo`. Most modules
//! have no version of their own; theirs is that of the kernel that they were built for.
//!
//! Modules that are packed, as Fedora and Arch have them, are not read: they are those of the kernel's package.

use super::{Action, Extractor, File, PackageList, Reading};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::elf::{self, Elf};
use inventory::{PackageKind, SkipReason};

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Linux kernel",
    watched: &[],
    claims: |file| is_kernel(file.name()) || is_module(file.path),
    // What EFI can start, what is not packed, and the two boot sectors that older ones begin with.
    magic: &[b"MZ", elf::MAGIC, b"\xea\x05\x00\xc0\x07", b"\xb8\xc0\x07\x8e\xd8"],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

const BANNER: &[u8] = b"Linux version ";
/// The longest text of a version, with the machine that it was built on.
const LONGEST: u64 = 512;
/// The modules of the largest kernels have some ten KiB of texts.
const LONGEST_TEXTS: u64 = 1 << 20;

fn is_kernel(name: &str) -> bool {
    ["kernel", "vmlinux", "vmlinuz"]
        .iter()
        .any(|known| name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

fn is_module(path: &str) -> bool {
    path.ends_with(".ko") && (path.starts_with("lib/modules/") || path.contains("/lib/modules/"))
}

fn browse(file: &File<'_>, body: Body<'_>, limits: &Limits, _: &Workspace) -> Result<Reading, SkipReason> {
    let mut list = PackageList::new(PackageKind::Kernel, limits);
    if is_module(file.path) {
        let Some((name, version)) = module(file.name(), body) else { return Ok(Reading::Nothing) };
        list.push(&name, &version)?;
    } else {
        let Some(version) = boot_version(body).or_else(|| banner(body)) else { return Ok(Reading::Nothing) };
        list.push(b"linux-kernel", &version)?;
    }
    Ok(list.finish())
}

/// The version that the boot header of x86 leads to.
fn boot_version(body: Body<'_>) -> Option<Vec<u8>> {
    // `HdrS`, the version of the protocol, eight bytes of other things, and where the text stands behind the boot sector.
    let header = body.bytes(0x202, 14)?;
    let [b'H', b'd', b'r', b'S', .., low, high] = *header else { return None };
    let at = u64::from(u16::from_le_bytes([low, high])).checked_add(0x200)?;
    first_word(&body.behind(at).first(LONGEST).whole()?)
}

/// The version behind the banner that Linux prints when it starts.
fn banner(body: Body<'_>) -> Option<Vec<u8>> {
    body.pieces(LONGEST).find_map(|(_, piece)| {
        memchr::memmem::find_iter(&piece, BANNER).find_map(|at| {
            let text = piece.get(at.checked_add(BANNER.len())?..)?;
            first_word(text.get(..usize::try_from(LONGEST).ok()?).unwrap_or(text))
        })
    })
}

/// A version is a word that begins with a number and a point: `6.1.0-18-amd64`.
fn first_word(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().position(|byte| !byte.is_ascii_graphic())?;
    let word = text.get(..end)?;
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0 && word.get(digits) == Some(&b'.')).then(|| word.to_vec())
}

/// The name and the version of a module.
fn module(file: &str, body: Body<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let texts =
        Elf::parse(body)?.section(b".modinfo").filter(|texts| texts.len() <= LONGEST_TEXTS)?.whole()?;
    let value = |key: &[u8]| {
        let values =
            texts.split(|byte| *byte == 0).filter_map(|text| text.strip_prefix(key)?.strip_prefix(b"="));
        values.into_iter().find(|value| !value.is_empty())
    };
    let kernel = value(b"vermagic")?.split(|byte| *byte == b' ').next()?;
    let name = value(b"name").unwrap_or_else(|| file.strip_suffix(".ko").unwrap_or(file).as_bytes());
    Some((name.to_vec(), value(b"version").unwrap_or(kernel).to_vec()))
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::browsed;
    use super::*;
    use crate::build::elf;

    fn read(path: &str, content: &[u8]) -> String {
        let file = File { path, size: 0, mode: 0o644 };
        browsed(browse, &file, content, &Limits::default())
    }

    #[test]
    fn a_kernel_for_x86() {
        let mut kernel = b"MZ".to_vec();
        kernel.resize(0x202, 0);
        kernel.extend(b"HdrS\x0f\x02\0\0\0\0\0\x10\x80\x3a");
        kernel.resize(0x3c80, 0);
        kernel.extend(b"6.1.0-18-amd64 (debian-kernel@lists.debian.org) #1 SMP\0");
        assert_eq!(read("boot/vmlinuz-6.1.0-18-amd64", &kernel), "generic linux-kernel 6.1.0-18-amd64\n");
        kernel.truncate(0x3c80);
        assert_eq!(read("boot/vmlinuz", &kernel), "nothing\n");
    }

    #[test]
    fn a_kernel_that_is_not_packed() {
        let text =
            b"\0Linux version %s\0..Linux version 5.10.0-28-arm64 (debian-kernel@lists.debian.org) (gcc\0";
        let kernel = elf(&[(".rodata", text)]);
        assert_eq!(
            read("usr/lib/debug/boot/vmlinux-5.10.0-28-arm64", &kernel),
            "generic linux-kernel 5.10.0-28-arm64\n"
        );
        assert_eq!(read("boot/vmlinux", b"MZ"), "nothing\n");
    }

    #[test]
    fn modules_with_and_without_a_version() {
        let module = |texts: &[u8]| {
            read("usr/lib/modules/6.1.0-18-amd64/kernel/fs/xfs.ko", &elf(&[(".modinfo", texts)]))
        };
        let magic = b"vermagic=6.1.0-18-amd64 SMP preempt mod_unload modversions \0";
        assert_eq!(
            module(&[&b"version=1.4.5a\0license=GPL\0name=zzstd\0"[..], magic].concat()),
            "generic zzstd 1.4.5a\n"
        );
        assert_eq!(
            module(&[&b"license=GPL\0version=\0"[..], magic].concat()),
            "generic xfs 6.1.0-18-amd64\n"
        );
        assert_eq!(module(b"name=a\0version=1\0"), "nothing\n");
        assert_eq!(module(b""), "nothing\n");
    }

    #[test]
    fn what_is_looked_at() {
        let is_claimed = |path| (EXTRACTOR.claims)(&File { path, size: 0, mode: 0o644 });
        for path in ["boot/vmlinuz-6.1", "vmlinux", "kernel", "x/kernel-5", "lib/modules/6/a.ko"] {
            assert!(is_claimed(path), "{path}");
        }
        for path in ["boot/initrd", "kernels", "usr/share/a.ko", "lib/modules/6/a.ko.xz"] {
            assert!(!is_claimed(path), "{path}");
        }
    }
}
