//! The handful of advisories that the demo brings along, so that it needs no network.
//!
//! Identifiers, fixed versions and CVSS vectors are the real ones; the words are ours.
//! They become OSV records and are imported as any feed is, through the jailed parser.

use serde_json::{Value, json};

/// One vulnerability, and where its distribution fixed it.
struct Known {
    cve: &'static str,
    published: &'static str,
    vector: &'static str,
    summary: &'static str,
    details: &'static str,
    ecosystem: &'static str,
    /// The source package.
    package: &'static str,
    fixed: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        cve: "CVE-2021-36159",
        published: "2021-08-03T14:15:08Z",
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H",
        summary: "libfetch reads past the end of a buffer",
        details: "libfetch, which apk-tools uses to download packages, reads numbers of FTP and HTTP answers \
                  without looking for the end of the line. A hostile server can crash the client or read its memory.",
        ecosystem: "Alpine:v3.10",
        package: "apk-tools",
        fixed: "2.10.7-r0",
    },
    Known {
        cve: "CVE-2021-30139",
        published: "2021-04-21T16:15:08Z",
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        summary: "A crafted package crashes apk",
        details: "The tar reader of apk-tools trusts a length in the archive, so that a crafted package makes it read \
                  out of bounds and crash.",
        ecosystem: "Alpine:v3.10",
        package: "apk-tools",
        fixed: "2.10.6-r0",
    },
    Known {
        cve: "CVE-2021-28831",
        published: "2021-03-19T05:15:13Z",
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        summary: "Malformed gzip data crashes BusyBox",
        details: "The decompressor of BusyBox mixes up a pointer and its error bit on malformed gzip data, \
                  which leads to an invalid free or a segmentation fault.",
        ecosystem: "Alpine:v3.10",
        package: "busybox",
        fixed: "1.30.1-r5",
    },
    Known {
        cve: "CVE-2020-28928",
        published: "2020-11-24T18:15:12Z",
        vector: "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H",
        summary: "wcsnrtombs of musl writes past its buffer",
        details: "wcsnrtombs handles some combinations of destination size and character limit wrongly, \
                  and writes past the end of the destination.",
        ecosystem: "Alpine:v3.10",
        package: "musl",
        fixed: "1.1.22-r4",
    },
    Known {
        cve: "CVE-2020-1967",
        published: "2020-04-21T14:15:11Z",
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        summary: "A TLS 1.3 peer crashes OpenSSL",
        details: "SSL_check_chain dereferences a null pointer when the peer sends an invalid signature algorithm \
                  in TLS 1.3, so that a client or a server can be crashed from outside.",
        ecosystem: "Alpine:v3.10",
        package: "openssl",
        fixed: "1.1.1g-r0",
    },
    Known {
        cve: "CVE-2021-23840",
        published: "2021-02-16T17:15:13Z",
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        summary: "EVP_CipherUpdate reports a negative length",
        details: "EVP_CipherUpdate, EVP_EncryptUpdate and EVP_DecryptUpdate can overflow the output length for inputs \
                  near the largest integer, and report success with a negative length.",
        ecosystem: "Alpine:v3.10",
        package: "openssl",
        fixed: "1.1.1j-r0",
    },
    Known {
        cve: "CVE-2021-3449",
        published: "2021-03-25T15:15:13Z",
        vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H",
        summary: "A renegotiation crashes an OpenSSL server",
        details: "A TLS 1.2 server with renegotiation crashes on a ClientHello that leaves out an extension which \
                  was there in the first one.",
        ecosystem: "Alpine:v3.10",
        package: "openssl",
        fixed: "1.1.1k-r0",
    },
    Known {
        cve: "CVE-2025-9230",
        published: "2025-09-30T14:15:41Z",
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        summary: "Decrypting a password-based CMS message reads and writes out of bounds",
        details: "OpenSSL checks the size of the wrapped key of a CMS message too late when it is encrypted with a \
                  password, so that a crafted message makes it read and write past its buffers and crash.",
        ecosystem: "Debian:13",
        package: "openssl",
        fixed: "3.5.1-1+deb13u1",
    },
];

/// The advisories as OSV records, each with its file name.
pub(super) fn records() -> Vec<(String, Value)> {
    KNOWN.iter().map(|known| (format!("{}.json", identifier(known)), record(known))).collect()
}

/// The identifier that OSV's export of the distribution gives it.
fn identifier(known: &Known) -> String {
    let distribution = known.ecosystem.split(':').next().unwrap_or_default();
    format!("{}-{}", distribution.to_uppercase(), known.cve)
}

/// See <https://ossf.github.io/osv-schema/>.
fn record(known: &Known) -> Value {
    json!({
        "schema_version": "1.7.0",
        "id": identifier(known),
        "upstream": [known.cve],
        "published": known.published,
        "modified": known.published,
        "summary": known.summary,
        "details": known.details,
        "severity": [{"type": "CVSS_V3", "score": known.vector}],
        "affected": [{
            "package": {"ecosystem": known.ecosystem, "name": known.package},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": known.fixed}]}],
        }],
        "references": [{"type": "ADVISORY", "url": format!("https://nvd.nist.gov/vuln/detail/{}", known.cve)}],
    })
}
