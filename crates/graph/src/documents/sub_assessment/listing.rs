//! All rows of some registries, a page at a time, and one row by its name.
//!
//! A page is made image by image and finding by finding, and holds nothing but its own rows: a listing of millions
//! needs as much memory as one page.

use super::{Form, Judged, mark, newer, of_findings, of_image};
use crate::documents::{Document, KnownRegistry};
use crate::rulebook::{ImageRules, OsName, Rulebook};
use oci::{Digest, RepositoryName};
use serde::{Deserialize, Serialize};
use store::{
    Finding, FindingFilter, FindingKey, ImageKey, ImageState, ImageSummary, ManifestDetails,
    PackageVersionId, PageRequest, RegistryId, RepositoryKey, Store, SummaryFilter,
};

/// Images and findings that are read from the store at a time.
const AT_A_TIME: usize = 500;

/// Where the next page begins: behind this image, or behind this finding of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    registry: i64,
    repository: RepositoryName,
    digest: Digest,
    vulnerability: Option<String>,
    #[serde(default)]
    package: Option<i64>,
}

impl Place {
    fn of(image: &ImageKey) -> Self {
        Self {
            registry: image.repository.registry.0,
            repository: image.repository.name.clone(),
            digest: image.digest.clone(),
            vulnerability: None,
            package: None,
        }
    }

    /// Behind a finding. In the newer form the packages of a vulnerability have rows of their own.
    fn behind(image: &ImageKey, last: Option<&Finding>, form: Form) -> Self {
        let package = match form {
            Form::First => None,
            Form::Newer | Form::Image => last.map(|last| last.key.package_version.0),
        };
        let vulnerability = Some(last.map_or_else(String::new, |last| last.vulnerability.id.clone()));
        Self { vulnerability, package, ..Self::of(image) }
    }

    fn image(&self) -> ImageKey {
        let repository = RepositoryKey { registry: RegistryId(self.registry), name: self.repository.clone() };
        ImageKey { repository, digest: self.digest.clone() }
    }

    fn key(&self) -> Option<FindingKey> {
        Some(FindingKey {
            image: self.image(),
            vulnerability: self.vulnerability.clone()?,
            package_version: PackageVersionId(self.package.unwrap_or(i64::MAX)),
            place: i64::MAX,
        })
    }
}

/// Reads the rows of some registries.
#[derive(Clone)]
pub struct Reader<'a> {
    /// The records.
    pub store: &'a dyn Store,
    /// The registries whose findings the caller may read.
    pub registries: &'a [KnownRegistry],
    /// The rules in force.
    pub book: &'a Rulebook,
    /// The form of the rows.
    pub form: Form,
    /// Only rows of this repository.
    pub repository: Option<RepositoryName>,
    /// Only rows of this image.
    pub digest: Option<Digest>,
}

/// Rows that are being gathered.
struct Rows {
    rows: Vec<Document>,
    limit: usize,
}

impl Rows {
    fn is_full(&self) -> bool {
        self.rows.len() >= self.limit
    }
}

impl<'a> Reader<'a> {
    /// A reader of all rows.
    pub fn new(
        store: &'a dyn Store,
        registries: &'a [KnownRegistry],
        book: &'a Rulebook,
        form: Form,
    ) -> Self {
        Self { store, registries, book, form, repository: None, digest: None }
    }

    /// The rows of a page, and the place where the next one begins.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn page_after(
        &self,
        place: Option<Place>,
        rows_of_a_page: usize,
    ) -> Result<(Vec<Document>, Option<Place>), store::Error> {
        let mut rows = Rows { rows: Vec::new(), limit: rows_of_a_page };
        // The image in which the page before ended may have more.
        if let Some(after) = place.as_ref().and_then(Place::key)
            && let Some(summary) = self.store.summary(&after.image).await?
            && let Some(known) = self.known(&summary)
            && let Some(next) = self.add_image(known, &summary, Some(after), &mut rows).await?
        {
            return Ok((rows.rows, Some(next)));
        }
        let filter = SummaryFilter {
            registries: Some(self.registries.iter().map(|known| known.registry.id).collect()),
            repository: self.repository.clone(),
            digest: self.digest.clone(),
            ..SummaryFilter::default()
        };
        let mut after = place.as_ref().map(Place::image);
        loop {
            let page = self.store.summaries(&filter, PageRequest { after, limit: AT_A_TIME }).await?;
            for summary in &page.items {
                let Some(known) = self.known(summary) else { continue };
                if let Some(next) = self.add_image(known, summary, None, &mut rows).await? {
                    return Ok((rows.rows, Some(next)));
                }
                if rows.is_full() {
                    return Ok((rows.rows, Some(Place::of(&summary.image))));
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok((rows.rows, None)),
            }
        }
    }

    /// All rows of an image; none where the caller may not read them.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn of_image(&self, image: &ImageKey) -> Result<Vec<Document>, store::Error> {
        let summary = self.store.summary(image).await?;
        match summary.as_ref().and_then(|summary| Some((self.known(summary)?, summary))) {
            Some((known, summary)) => self.of_summary(known, summary).await,
            None => Ok(Vec::new()),
        }
    }

    /// All rows of an image whose summary is at hand.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn of_summary(
        &self,
        known: &KnownRegistry,
        summary: &ImageSummary,
    ) -> Result<Vec<Document>, store::Error> {
        self.rows_after(known, summary, None).await
    }

    /// The rows of what was found in an image that shows none of it, because of rules.
    ///
    /// # Errors
    /// When the records fail.
    pub(crate) async fn hidden_of(
        &self,
        known: &KnownRegistry,
        summary: &ImageSummary,
    ) -> Result<Vec<Document>, store::Error> {
        // Behind the row of the image itself.
        let behind = Place::behind(&summary.image, None, self.form).key();
        self.rows_after(known, summary, behind).await
    }

    async fn rows_after(
        &self,
        known: &KnownRegistry,
        summary: &ImageSummary,
        mut after: Option<FindingKey>,
    ) -> Result<Vec<Document>, store::Error> {
        let mut all = Vec::new();
        loop {
            let mut rows = Rows { rows: Vec::new(), limit: AT_A_TIME };
            let next = self.add_image(known, summary, after, &mut rows).await?;
            all.extend(rows.rows);
            match next.as_ref().and_then(Place::key) {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// The row of a vulnerability in an image, out of its findings; none if the image shows no findings.
    ///
    /// # Errors
    /// When the records fail.
    pub(crate) async fn of_findings(
        &self,
        known: &KnownRegistry,
        summary: &ImageSummary,
        findings: &[Finding],
    ) -> Result<Option<Document>, store::Error> {
        let rules = self.book.of_image(known, &summary.image);
        let is_shown = summary.state == ImageState::Unhealthy || self.has_hidden(&rules, summary).await?;
        if !summary.children.is_empty() || !is_shown {
            return Ok(None);
        }
        let os = self.os(summary).await?;
        let judged: Vec<Judged<'_>> =
            findings.iter().map(|finding| (finding.clone(), rules.hides(finding, os.as_ref()))).collect();
        Ok(of_findings(known, summary, &judged))
    }

    /// The row of this name, if one of the registries has it.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn by_name(&self, wanted: &str) -> Result<Option<Document>, store::Error> {
        let Some(mark) = mark(wanted) else { return Ok(None) };
        for summary in self.store.summaries_by_mark(mark).await? {
            let Some(known) = self.known(&summary) else { continue };
            let image = &summary.image;
            let is_meant = self.repository.as_ref().is_none_or(|name| *name == image.repository.name)
                && self.digest.as_ref().is_none_or(|digest| *digest == image.digest);
            if !is_meant {
                continue;
            }
            // An image has at most some thousand rows, and all but one are passed over.
            let mut after = None;
            loop {
                let mut rows = Rows { rows: Vec::new(), limit: AT_A_TIME };
                let next = self.add_image(known, &summary, after, &mut rows).await?;
                if let Some(row) = rows.rows.into_iter().find(|row| row.name.eq_ignore_ascii_case(wanted)) {
                    return Ok(Some(row));
                }
                match next.as_ref().and_then(Place::key) {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(None)
    }

    fn known(&self, summary: &ImageSummary) -> Option<&'a KnownRegistry> {
        self.registries.iter().find(|known| known.registry.id == summary.image.repository.registry)
    }

    /// Adds the rows of an image. If the page is full before the image is at its end, the place where it goes on.
    async fn add_image(
        &self,
        known: &KnownRegistry,
        summary: &ImageSummary,
        after: Option<FindingKey>,
        rows: &mut Rows,
    ) -> Result<Option<Place>, store::Error> {
        let is_index = !summary.children.is_empty();
        let rules = self.book.of_image(known, &summary.image);
        let shows_findings = summary.state == ImageState::Unhealthy && !is_index;
        if !shows_findings && after.is_none() {
            let mut own = of_image(known, summary, self.form);
            if self.form != Form::First
                && let Some(row) = &mut own
            {
                let artifact = self.artifact(summary).await?;
                row.properties["additionalData"]["artifactDetails"] =
                    newer::artifact_details(known, &summary.image, artifact.as_ref());
            }
            rows.rows.extend(own);
        }
        if is_index || (!shows_findings && !self.has_hidden(&rules, summary).await?) {
            return Ok(None);
        }
        if rows.is_full() {
            return Ok(Some(Place::behind(&summary.image, None, self.form)));
        }
        self.add_findings(known, summary, &rules, after, rows).await
    }

    /// Whether something was found in an image that shows no findings.
    async fn has_hidden(&self, rules: &ImageRules<'_>, summary: &ImageSummary) -> Result<bool, store::Error> {
        if rules.is_empty() {
            return Ok(false);
        }
        let found = self.store.found(&summary.image).await?;
        Ok(found.is_some_and(|found| found.state == ImageState::Unhealthy))
    }

    async fn add_findings(
        &self,
        known: &KnownRegistry,
        summary: &ImageSummary,
        rules: &ImageRules<'_>,
        mut after: Option<FindingKey>,
        rows: &mut Rows,
    ) -> Result<Option<Place>, store::Error> {
        let os = self.os(summary).await?;
        let artifact = self.artifact(summary).await?;
        let surroundings = newer::Surroundings { os: os.as_ref(), artifact: artifact.as_ref() };
        let finish = |group: &[Judged<'_>]| match self.form {
            Form::First => of_findings(known, summary, group),
            Form::Newer | Form::Image => newer::of_findings(known, summary, group, self.form, &surroundings),
        };
        let wanted = FindingFilter::affecting(&summary.image);
        let mut group: Vec<Judged<'_>> = Vec::new();
        loop {
            let page = self.store.findings(&wanted, PageRequest { after, limit: AT_A_TIME }).await?;
            for finding in page.items {
                let ends = group.last().is_some_and(|(last, _)| !self.together(last, &finding));
                if ends {
                    rows.rows.extend(finish(&group));
                    if rows.is_full() {
                        let last = group.last().map(|(last, _)| last);
                        return Ok(Some(Place::behind(&summary.image, last, self.form)));
                    }
                    group.clear();
                }
                let rule = rules.hides(&finding, os.as_ref());
                group.push((finding, rule));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => {
                    rows.rows.extend(finish(&group));
                    return Ok(None);
                }
            }
        }
    }

    /// Whether two findings that follow each other share a row: findings go by vulnerability and package version.
    fn together(&self, last: &Finding, next: &Finding) -> bool {
        match self.form {
            Form::First => last.vulnerability.id == next.vulnerability.id,
            Form::Newer | Form::Image => {
                last.vulnerability.id == next.vulnerability.id
                    && last.key.package_version == next.key.package_version
            }
        }
    }

    async fn os(&self, summary: &ImageSummary) -> Result<Option<OsName>, store::Error> {
        if self.form == Form::First && !self.book.needs_os() {
            return Ok(None);
        }
        let scanned = self.store.image(&summary.image.digest).await?;
        Ok(scanned.and_then(|scanned| OsName::of(&scanned.distribution)))
    }

    async fn artifact(&self, summary: &ImageSummary) -> Result<Option<ManifestDetails>, store::Error> {
        if self.form == Form::First {
            return Ok(None);
        }
        let image = &summary.image;
        self.store.manifest_details(&image.repository, &image.digest).await
    }
}
