//! Rows that are made of the join, with all that their evidence says.

use super::part::Part;
use super::{CensusReading, SOME, Stage};
use crate::documents::KnownRegistry;
use crate::tables::resource_row::ResourceRow;
use crate::tables::sub_assessments;
use crate::viewer::View;
use kql::Batch;
use store::{FindingFilter, FindingKey, FindingVerdict, ImageContent, ImageState, PageRequest};

impl CensusReading {
    /// The rows of an image, with all that their evidence says.
    pub(super) fn add_documents(
        &self,
        view: &View,
        content: &ImageContent,
        batch: &mut Batch,
    ) -> Result<(), store::Error> {
        let image = &content.image;
        let Some(known) = self.registry_of(image).and_then(|at| self.registries.get(at)) else {
            return Ok(());
        };
        let Some(summary) = view.runtime.block_on(view.store.summary(image))? else { return Ok(()) };
        // An image of which rules hide everything has a row of its own as well, which comes with those of all others.
        let rows = if content.state == ImageState::Unhealthy {
            sub_assessments::rows_of(view, &known.known, &summary)?
        } else {
            sub_assessments::hidden_rows_of(view, &known.known, &summary)?
        };
        for row in rows {
            self.push_document(&row, batch);
        }
        Ok(())
    }

    pub(super) fn push_document(&self, row: &ResourceRow, batch: &mut Batch) {
        let fulfils = |(_, condition): &(Part, kql::Condition)| condition.holds(&row.value(&condition.need));
        if self.plan.conditions.iter().all(fulfils) {
            batch.push(self.plan.needs.iter().map(|need| row.value(need)));
        }
    }

    /// The rows of a vulnerability, from its findings to their images.
    pub(super) fn read_vulnerability(
        &mut self,
        view: &View,
        vulnerability: String,
        after: Option<FindingKey>,
        batch: &mut Batch,
    ) -> Result<(), store::Error> {
        let filter = FindingFilter {
            registries: self.filter.registries.clone(),
            repository: self.filter.repository.clone(),
            vulnerability: Some(vulnerability.clone()),
            verdicts: vec![FindingVerdict::Affected],
            ..FindingFilter::default()
        };
        let page = view.runtime.block_on(view.store.findings(&filter, PageRequest { after, limit: SOME }))?;
        let mut next = page.next;
        let mut findings = page.items;
        // The findings of the last image may not all be there yet: the image comes with the next page.
        if let (Some(_), Some(last)) = (&next, findings.last().map(|finding| finding.key.image.clone())) {
            let whole = findings.iter().take_while(|finding| finding.key.image != last).count();
            if whole > 0 {
                findings.truncate(whole);
                next = findings.last().map(|finding| finding.key.clone());
            }
        }
        for group in findings.chunk_by(|one, next| one.key.image == next.key.image) {
            let Some(image) = group.first().map(|finding| &finding.key.image) else { continue };
            let Some(registry) = self.registry_of(image).and_then(|at| self.registries.get(at)) else {
                continue;
            };
            let Some(summary) = view.runtime.block_on(view.store.summary(image))? else { continue };
            if let Some(row) = sub_assessments::row_of_findings(view, &registry.known, &summary, group)? {
                self.push_document(&row, batch);
            }
        }
        self.stage = next.map_or(Stage::Done, |next| Stage::Vulnerability(vulnerability, Some(next)));
        Ok(())
    }

    pub(super) fn read_name(
        &mut self,
        view: &View,
        name: &str,
        batch: &mut Batch,
    ) -> Result<(), store::Error> {
        let known: Vec<KnownRegistry> =
            self.registries.iter().map(|registry| registry.known.clone()).collect();
        if let Some(row) = sub_assessments::row_named(view, &known, name)? {
            self.push_document(&row, batch);
        }
        Ok(())
    }
}
