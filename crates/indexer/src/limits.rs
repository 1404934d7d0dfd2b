//! The limits of reading one layer, handed in by the caller.
//!
//! Reaching a limit is an error of the layer or a `Skipped` of one file, never a quiet end.

use serde::{Deserialize, Serialize};

/// What one layer may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the tar stream.
    pub uncompressed_bytes: u64,
    /// How many times larger than its compressed form a layer may become.
    pub ratio: u64,
    /// Below this many uncompressed bytes the ratio is not looked at.
    pub ratio_floor: u64,
    /// Members of a gzip stream.
    pub gzip_members: u64,
    /// Base-2 logarithm of the largest window a zstd frame may ask for.
    pub zstd_window_log: u32,
    /// Headers of the archive: entries and their extension headers.
    pub entries: u64,
    /// Bytes of one extension header: a PAX header or a GNU long name.
    pub header_bytes: usize,
    /// Extension blocks of one old GNU sparse file, 21 pieces each.
    pub sparse_blocks: u64,
    /// Bytes of one package database.
    pub database_bytes: u64,
    /// Bytes of one release file.
    pub release_bytes: u64,
    /// Bytes of one manifest of a language: `package.json`, `METADATA`.
    pub manifest_bytes: u64,
    /// Bytes of one executable or Java archive.
    pub binary_bytes: u64,
    /// Bytes of memory for the window of the decompressor and the files that are being read.
    pub memory_bytes: u64,
    /// Bytes of scratch for files that are larger than that, if there is a scratch file.
    pub scratch_bytes: u64,
    /// Bytes inflated from one file, such as a Java archive with its nested archives or an audit section.
    pub inflated_bytes: u64,
    /// Members of one Java archive and of those inside it that are looked at.
    pub archive_members: u64,
    /// How deep Java archives may be nested.
    pub archive_depth: u32,
    /// Packages of the layer.
    pub packages: usize,
    /// Paths of packages of the distribution that are kept, because other packages may be found at them.
    pub owned_paths: usize,
    /// Bytes of all names, versions and paths of the inventory.
    pub inventory_bytes: usize,
    /// Bytes of one name or version.
    pub text_bytes: usize,
    /// Whiteouts that are kept.
    pub removals: usize,
    /// Paths of files and links of which it is kept that they are there.
    pub footprint: usize,
    /// Links and displacements that are kept.
    pub links: usize,
    /// Skipped files that are kept one by one; the rest becomes a single entry.
    pub skipped: usize,
}

/// The arithmetic behind each number stands beside it.
impl Default for Limits {
    fn default() -> Self {
        Self {
            // Images with CUDA and PyTorch have layers of 10 GiB; at 400 MB/s this is 90 s of one core.
            uncompressed_bytes: 32 << 30,
            // Real layers stay below 30. Deflate ends at 1032, and 8 GiB of zeros in 8 MiB come close to it.
            ratio: 500,
            // One sparse disk image or core dump of zeros is not yet an attack: 1 GiB takes about 2 s.
            ratio_floor: 1 << 30,
            // eStargz makes one member for each file; a large distribution image has 200 000 files.
            gzip_members: 1 << 20,
            // 64 MiB. The tools of containers write at most 32; what `zstd --ultra` and `--long` can do beyond would need
            // more memory than everything else together.
            zstd_window_log: 26,
            // The largest images have a million files; at 1 us each this is 4 s.
            entries: 4 << 20,
            // What the Go library reads. Extended attributes are at most 64 KiB each.
            header_bytes: 1 << 20,
            // 21 x 4096 pieces: more than any real file has, and 2 MiB of headers.
            sparse_blocks: 4096,
            // The largest apk and dpkg databases of real images are below 10 MiB; rpm's has 60 KiB for each package.
            database_bytes: 256 << 20,
            // An os-release file has about 400 bytes.
            release_bytes: 64 << 10,
            // The largest `package.json` and `METADATA` in the wild have some hundred KiB.
            manifest_bytes: 4 << 20,
            // Libraries of CUDA reach 1.5 GiB, and a program of Go with everything linked in 150 MiB.
            binary_bytes: 2 << 30,
            // With 15 MiB for the program itself and 30 for the inventory this stays below 100 MB.
            memory_bytes: 40 << 20,
            // The largest file, with what is inflated from it.
            scratch_bytes: (2 << 30) + (256 << 20),
            // A large war inflates 100 MiB of nested archives.
            inflated_bytes: 256 << 20,
            // The largest application servers have 200 000 classes in one archive.
            archive_members: 500_000,
            // war in ear is 2, shaded archives inside make 3; one more for luck.
            archive_depth: 4,
            // The fullest desktop images have 10 000. 100 000 at 300 bytes are 30 MB.
            packages: 100_000,
            // A full Debian image with Python, Node.js and Java has 20 000.
            owned_paths: 200_000,
            // 10 000 packages have 1 MB of text. Paths may have a megabyte each, so their number alone bounds nothing.
            inventory_bytes: 32 << 20,
            // Debian's longest version has 100 bytes, Go's longest module path 200.
            text_bytes: 1024,
            // A layer that deletes a tree has one whiteout for it.
            removals: 100_000,
            // The largest images have a million files, and seven bytes each.
            footprint: 1_000_000,
            // Watched paths and their folders are about 80.
            links: 10_000,
            // Enough to show, small enough to store.
            skipped: 1_000,
        }
    }
}
