//! EPSS, the daily predictions of exploitation, <https://www.first.org/epss/data_stats>.

use super::PublicSource;

pub(super) const SOURCE: PublicSource = PublicSource {
    name: "epss",
    purpose: "how likely it is that a vulnerability will be exploited",
    base: "https://epss.empiricalsecurity.com",
    files: &["epss_scores-current.csv.gz"],
    pointer: false,
    by_default: true,
};
