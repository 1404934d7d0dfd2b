//! A package, as its database names it.

use serde::{Deserialize, Serialize};

/// Which package manager, or which kind of metadata, a package was found in.
///
/// The words are the types of the package URL specification, but for [`PackageKind::Binary`], [`PackageKind::Noted`] and
/// [`PackageKind::Kernel`], whose type is `generic`, and [`PackageKind::Assembly`], whose type is `nuget`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageKind {
    /// Alpine, Wolfi, Chainguard: `apk`.
    Apk,
    /// Debian, Ubuntu: `dpkg`.
    Deb,
    /// Red Hat, SUSE, Amazon, Azure Linux and kin: `rpm`.
    Rpm,
    /// Arch Linux: `pacman`.
    Alpm,
    /// Gentoo: `portage`. Its names have their category: `app-shells/bash`.
    Portage,
    /// OpenWrt and other small systems: `opkg`.
    Opkg,
    /// Node.js: an installed `package.json`.
    Npm,
    /// Python: an installed distribution.
    PyPi,
    /// A module in a Go binary.
    Golang,
    /// A crate in a Rust binary.
    Cargo,
    /// A Java archive.
    Maven,
    /// A Ruby gem.
    Gem,
    /// A PHP package.
    Composer,
    /// A .NET package.
    NuGet,
    /// A package of a Conda environment, of whatever language.
    Conda,
    /// A Dart package.
    Pub,
    /// An Elixir or Erlang package.
    Hex,
    /// A part of Erlang/OTP or Elixir themselves.
    Otp,
    /// A Swift package.
    Swift,
    /// A Haskell package.
    Hackage,
    /// An R package.
    Cran,
    /// A C or C++ package of Conan.
    Conan,
    /// A Julia package.
    Julia,
    /// A path of a Nix store.
    Nix,
    /// An extension of PHP: a package of PECL.
    Pecl,
    /// A package of PEAR's installer from another channel than its own and PECL.
    Pear,
    /// A Lua rock.
    LuaRocks,
    /// An OCaml package.
    Opam,
    /// A Perl distribution.
    Cpan,
    /// A component of an image of Bitnami.
    Bitnami,
    /// A plugin of WordPress.
    WordPress,
    /// A program that no package manager put there, known by what stands in it.
    Binary,
    /// A program that says itself, in a note, of which package of which distribution it is a part. No package manager knows
    /// of it: it was copied from an image of that distribution.
    Noted,
    /// Linux itself, and its modules.
    Kernel,
    /// A portable executable, such as an assembly of .NET, by the name and the version that stand in the file. They are not
    /// those of a package of NuGet.
    Assembly,
}

impl PackageKind {
    /// The type word of a package URL: `apk`, `deb`, `pypi`.
    pub fn purl_type(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Npm => "npm",
            Self::PyPi => "pypi",
            Self::Golang => "golang",
            Self::Cargo => "cargo",
            Self::Maven => "maven",
            Self::Gem => "gem",
            Self::Composer => "composer",
            Self::NuGet => "nuget",
            Self::Alpm => "alpm",
            Self::Portage => "ebuild",
            Self::Opkg => "opkg",
            Self::Conda => "conda",
            Self::Pub => "pub",
            Self::Hex => "hex",
            Self::Otp => "otp",
            Self::Swift => "swift",
            Self::Hackage => "hackage",
            Self::Cran => "cran",
            Self::Conan => "conan",
            Self::Julia => "julia",
            Self::Nix => "nix",
            Self::Pecl => "pecl",
            Self::Pear => "pear",
            Self::LuaRocks => "luarocks",
            Self::Opam => "opam",
            Self::Cpan => "cpan",
            Self::Bitnami => "bitnami",
            Self::WordPress => "wordpress-plugin",
            Self::Binary | Self::Noted | Self::Kernel => "generic",
            // The type under which others list them.
            Self::Assembly => "nuget",
        }
    }

    /// Whether packages of this kind belong to the distribution, so that its feed speaks for them.
    pub fn is_os(self) -> bool {
        matches!(self, Self::Apk | Self::Deb | Self::Rpm | Self::Alpm | Self::Portage | Self::Opkg)
    }
}

/// What stands as [`Package::module`] of a Go program whose version says from which commit it was built and nothing of which
/// release: `v0.0.0-20231129202119-0123456789ab` is older than every release only by the look of it.
pub const UNTAGGED: &str = "main";

/// The source package that a binary package was built from.
///
/// Debian's feeds speak of source packages, and Alpine's of origins, which are the same idea.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourcePackage {
    /// Its name.
    pub name: String,
    /// Its version, which may differ from the binary's.
    pub version: String,
}

/// One package, as its database names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Package {
    /// Where it was found.
    pub kind: PackageKind,
    /// Its name.
    pub name: String,
    /// Its version, verbatim.
    pub version: String,
    /// The machine it was built for, in the words of its package manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// What it was built from, where the database says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePackage>,
    /// The module stream of Red Hat's kin that it was built in, where its header says so:
    /// `nodejs:18:8090020240101:a75119d5`. The same name has other fixed versions in other streams.
    ///
    /// Of a Go program it is [`UNTAGGED`] where its version only says from which commit it was built. Of a
    /// [`PackageKind::Noted`] it is the kind of the package that the note speaks of: `rpm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
}

impl Package {
    /// The type word of its package URL: that of its kind, and of what a note in a program says, of the kind in the note.
    pub fn purl_type(&self) -> &'static str {
        let noted = self.module.as_deref().filter(|_| self.kind == PackageKind::Noted);
        let kinds = [PackageKind::Rpm, PackageKind::Deb, PackageKind::Apk, PackageKind::Alpm];
        let kind = kinds.into_iter().find(|kind| noted == Some(kind.purl_type()));
        kind.unwrap_or(self.kind).purl_type()
    }
}
