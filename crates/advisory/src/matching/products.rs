//! Images that were built from the repositories of several products, as those of Red Hat can be.
//!
//! Extended update support for 9.2 mends `openssl` in versions of its own: `3.0.7-16.el9_2.4` has the fix that the release
//! itself has in `3.0.7-25.el9_3`. Compared with the release it would be vulnerable for ever. So of each vulnerability the
//! first product counts that says anything about the package, and what the others say is left unread: the product on top
//! before the stream, and that before the release. What none of the closer ones mentions is judged by the release, which
//! is how Red Hat itself reports flaws without a fix.

use super::{Match, Query};
use std::collections::BTreeSet;

/// The matches by the first product that has any, for each vulnerability, under the name by which the image goes.
pub(super) fn each(query: &Query<'_>, matches: impl Fn(&Query<'_>) -> Vec<Match>) -> Vec<Match> {
    let products = query.ecosystem.products();
    if products.len() == 1 {
        return matches(query);
    }
    let mut found: Vec<Match> = Vec::new();
    for product in &products {
        let known: BTreeSet<_> = found.iter().map(|found| found.vulnerability.clone()).collect();
        let more = matches(&Query { ecosystem: product, ..*query });
        found.extend(more.into_iter().filter(|more| !known.contains(&more.vulnerability)));
    }
    for found in &mut found {
        found.ecosystem = query.ecosystem.clone();
    }
    found.sort_by(|left, right| left.vulnerability.cmp(&right.vulnerability));
    found
}

#[cfg(test)]
mod tests {
    use crate::{
        Advisory, AdvisoryId, AffectedPackage, Compiler, Extent, Record, Snapshot, Verdict, match_package,
    };
    use inventory::{Ecosystem, PackageKind};
    use jiff::Timestamp;

    /// Each line: a CVE, the product as OSV names it, and the version with the fix.
    fn snapshot(lines: &[(&str, &str, &str)]) -> Snapshot {
        let mut compiler = Compiler::new();
        compiler.begin_source("test");
        for (number, (cve, product, fixed)) in lines.iter().enumerate() {
            let mut advisory = Advisory::new(AdvisoryId::new(format!("RHSA-2024:{number}")).unwrap());
            advisory.upstream.push((*cve).to_owned());
            let ecosystem = crate::release::part_of(product).release;
            advisory.affected = vec![AffectedPackage::new(ecosystem, "openssl", Extent::before(fixed))];
            compiler.add(Record::Advisory(Box::new(advisory))).unwrap();
        }
        Snapshot::from_bytes(compiler.finish(Timestamp::UNIX_EPOCH).unwrap()).unwrap()
    }

    #[test]
    fn the_closest_product_that_speaks_counts() {
        let snapshot = snapshot(&[
            ("CVE-2024-0001", "Red Hat:enterprise_linux:9::baseos", "1:3.0.7-25.el9_3"),
            ("CVE-2024-0001", "Red Hat:rhel_eus:9.2::baseos", "1:3.0.7-16.el9_2.4"),
            ("CVE-2024-0002", "Red Hat:enterprise_linux:9::baseos", "1:3.0.7-27.el9"),
            ("CVE-2024-0003", "Red Hat:rhel_eus:9.0::baseos", "1:3.0.1-99.el9_0"),
        ]);
        let affected = |ecosystem: &str, version: &str| -> Vec<String> {
            let ecosystem = Ecosystem::new(ecosystem);
            let query = crate::Query::new(&ecosystem, PackageKind::Rpm, "openssl", version);
            let matches = match_package(&snapshot, &query);
            assert!(matches.iter().all(|found| found.ecosystem == ecosystem));
            let affected = matches.iter().filter(|found| found.verdict == Verdict::Affected);
            affected.map(|found| found.vulnerability.to_string()).collect()
        };
        let (release, eus) = ("Red Hat:enterprise_linux:9", "Red Hat:rhel_eus:9.2+enterprise_linux:9");
        let (both, other) = (["CVE-2024-0001", "CVE-2024-0002"], ["CVE-2024-0002"]);
        assert_eq!(affected(release, "1:3.0.7-16.el9_2.4"), both);
        assert_eq!(affected(eus, "1:3.0.7-16.el9_2.4"), other, "mended in its own stream");
        assert_eq!(affected(eus, "1:3.0.7-16.el9_2.3"), both);
        assert!(snapshot.coverage(&Ecosystem::new(eus)).is_some());
        assert!(snapshot.coverage(&Ecosystem::new("Red Hat:rhel_eus:8.2+enterprise_linux:8")).is_none());
        assert_eq!(snapshot.statements(&Ecosystem::new(eus), "openssl"), 3);
    }
}
