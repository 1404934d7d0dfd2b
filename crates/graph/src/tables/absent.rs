//! Tables of Resource Graph about resources that there are none of here: known, so that queries over them run, and
//! empty.
//!
//! The names are those of its reference of tables and types.

use super::resource_row::{hidden, shown};
use super::{Pulled, Reading, Table};
use crate::viewer::View;
use kql::{Batch, ScanRequest};

const NAMES: [&str; 48] = [
    "AdvisorResources",
    "AksResources",
    "AlertsManagementResources",
    "AppServiceResources",
    "AuthorizationResourceChanges",
    "AwsResources",
    "AzureBusinessContinuityResources",
    "AzureDevOpsPlatformResources",
    "BatchResources",
    "CapabilityResources",
    "ChaosResources",
    "CommunityGalleryResources",
    "ComputeResources",
    "DataProtectionResources",
    "DesktopVirtualizationResources",
    "DnsResources",
    "EdgeOrderResources",
    "ElasticSanResources",
    "ExtendedLocationResources",
    "ExtensibilityResourceChanges",
    "ExtensibilityResources",
    "FeatureResources",
    "GuestConfigurationResources",
    "HealthResourceChanges",
    "HealthResources",
    "ImpactReportResources",
    "InsightsResources",
    "IotSecurityResources",
    "KubernetesConfigurationResources",
    "KustoResources",
    "MaintenanceResources",
    "ManagedServicesResources",
    "MigrateResources",
    "NetworkResources",
    "OrbitalResources",
    "PatchAssessmentResources",
    "PatchInstallationResources",
    "QuotaResourceChanges",
    "QuotaResources",
    "RecoveryServicesResources",
    "ResourceContainerChanges",
    "ServiceFabricResources",
    "ServiceHealthResources",
    "SpotResources",
    "SqlResources",
    "SupportResources",
    "TagResources",
    "ZoneResources",
];

/// The absent tables.
pub(super) static TABLES: [Table; NAMES.len()] = {
    let mut tables = [const { absent("") }; NAMES.len()];
    let mut at = 0;
    while at < tables.len() {
        tables[at].name = NAMES[at];
        at += 1;
    }
    tables
};

const fn absent(name: &'static str) -> Table {
    Table {
        name,
        about: "Resources that there are none of here: always empty.",
        columns: shown,
        hidden,
        stem: None,
        read: |_, _| Box::new(Nothing),
        folds: |_, _| false,
    }
}

/// No rows.
pub(super) struct Nothing;

impl Reading for Nothing {
    fn pull(&mut self, _: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        Ok(Pulled { batch: Batch::new(request.needs.len()), is_last: true })
    }
}
