//! Azure's built-in roles, as far as their actions concern a registry and its security.
//!
//! Identifiers and names are Azure's. Actions on services that do not exist here (blueprints, galleries, workspaces)
//! are left out: they could never be asked for. Roles of a tenant's own are [`CustomRole`](crate::CustomRole)s.

use crate::Action;
use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

/// The identifier of a role definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleId(pub Uuid);

/// A role: what it grants, by patterns in which `*` stands for any text.
#[derive(Debug, PartialEq, Eq)]
pub struct Role {
    /// Its identifier, the same in every tenant.
    pub id: RoleId,
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Granted actions.
    pub actions: &'static [&'static str],
    /// Exceptions from `actions`. They are no denial: another role may still grant the action.
    pub not_actions: &'static [&'static str],
    /// Granted actions on data.
    pub data_actions: &'static [&'static str],
}

impl Role {
    /// The built-in role with this identifier.
    pub fn find(id: RoleId) -> Option<&'static Self> {
        BUILT_IN_ROLES.iter().find(|role| role.id == id)
    }

    /// The built-in role of this name, in any case.
    pub fn named(name: &str) -> Option<&'static Self> {
        BUILT_IN_ROLES.iter().find(|role| role.name.eq_ignore_ascii_case(name))
    }

    /// Whether it grants the action.
    pub fn grants(&self, action: Action) -> bool {
        let covered = |patterns: &[&str]| patterns.iter().any(|pattern| action.matches(pattern));
        if action.is_data() {
            covered(self.data_actions)
        } else {
            covered(self.actions) && !covered(self.not_actions)
        }
    }
}

impl RoleId {
    /// Owner: everything, and giving rights to others.
    pub const OWNER: Self = Self(uuid!("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"));
    /// Contributor: everything but giving rights to others.
    pub const CONTRIBUTOR: Self = Self(uuid!("b24988ac-6180-42a0-ab88-20f7382dd24c"));
    /// Reader: reading everything.
    pub const READER: Self = Self(uuid!("acdd72a7-3385-48ef-bd42-f606fba81ae7"));
    /// Security Reader: reading what Security Center knows.
    pub const SECURITY_READER: Self = Self(uuid!("39bc4728-0917-49c7-9d2c-d95423bc2eb4"));
    /// Security Admin: that, and changing plans and rules.
    pub const SECURITY_ADMIN: Self = Self(uuid!("fb1c8493-542b-48eb-b624-b4c8fea62acd"));
    /// AcrPull: pulling.
    pub const ACR_PULL: Self = Self(uuid!("7f951dda-4ed3-4680-a7ca-43fe172d538d"));
    /// AcrPush: pulling and pushing.
    pub const ACR_PUSH: Self = Self(uuid!("8311e382-0749-4cb8-b61a-304f252e45ec"));
    /// AcrDelete: deleting.
    pub const ACR_DELETE: Self = Self(uuid!("c2f4ef07-c644-48eb-af81-4b1b4947fb11"));
}

/// Every role that an assignment can name.
pub const BUILT_IN_ROLES: &[Role] = &[
    Role {
        id: RoleId::OWNER,
        name: "Owner",
        description: "Grants full access to manage all resources, including the ability to assign roles.",
        actions: &["*"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId::CONTRIBUTOR,
        name: "Contributor",
        description: "Grants full access to manage all resources, but not to assign roles.",
        actions: &["*"],
        not_actions: &[
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ],
        data_actions: &[],
    },
    Role {
        id: RoleId::READER,
        name: "Reader",
        description: "View all resources, but make no changes.",
        actions: &["*/read"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId(uuid!("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9")),
        name: "User Access Administrator",
        description: "Manage the access of users to resources.",
        actions: &["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId::SECURITY_READER,
        name: "Security Reader",
        description: "View recommendations, findings, plans and rules, but make no changes.",
        actions: SECURITY_READER_ACTIONS,
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId::SECURITY_ADMIN,
        name: "Security Admin",
        description: "View what a Security Reader views, and change plans, rules and exemptions.",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Authorization/policyAssignments/*",
            "Microsoft.Authorization/policyDefinitions/*",
            "Microsoft.Authorization/policyExemptions/*",
            "Microsoft.Authorization/policySetDefinitions/*",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Management/managementGroups/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Security/*",
            "Microsoft.Support/*",
        ],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId(uuid!("612c2aa1-cb24-443b-ac28-3ab7272de6f5")),
        name: "Security Assessment Contributor",
        description: "Push assessments.",
        actions: &["Microsoft.Security/assessments/write"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId::ACR_PULL,
        name: "AcrPull",
        description: "Pull artifacts from a registry.",
        actions: &["Microsoft.ContainerRegistry/registries/pull/read"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId::ACR_PUSH,
        name: "AcrPush",
        description: "Push artifacts to a registry and pull them from it.",
        actions: &[
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId::ACR_DELETE,
        name: "AcrDelete",
        description: "Delete repositories, tags and manifests of a registry.",
        actions: &["Microsoft.ContainerRegistry/registries/artifacts/delete"],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId(uuid!("cdda3590-29a3-44f6-95f2-9f980659eb04")),
        name: "AcrQuarantineReader",
        description: "Pull quarantined images from a registry.",
        actions: &["Microsoft.ContainerRegistry/registries/quarantine/read"],
        not_actions: &[],
        data_actions: &["Microsoft.ContainerRegistry/registries/quarantinedArtifacts/read"],
    },
    Role {
        id: RoleId(uuid!("c8d4ff99-41c3-41a8-9f60-21dfdad59608")),
        name: "AcrQuarantineWriter",
        description: "Pull quarantined images from a registry and change their quarantine.",
        actions: &[
            "Microsoft.ContainerRegistry/registries/quarantine/read",
            "Microsoft.ContainerRegistry/registries/quarantine/write",
        ],
        not_actions: &[],
        data_actions: &[
            "Microsoft.ContainerRegistry/registries/quarantinedArtifacts/read",
            "Microsoft.ContainerRegistry/registries/quarantinedArtifacts/write",
        ],
    },
    Role {
        id: RoleId(uuid!("6cef56e8-d556-48e5-a04f-b8e64114680f")),
        name: "AcrImageSigner",
        description: "Push signatures of images to a registry.",
        actions: &["Microsoft.ContainerRegistry/registries/sign/write"],
        not_actions: &[],
        data_actions: &["Microsoft.ContainerRegistry/registries/trustedCollections/write"],
    },
    Role {
        id: RoleId(uuid!("577a9874-89fd-4f24-9dbd-b5034d0ad23a")),
        name: "Container Registry Data Importer and Data Reader",
        description: "Import images into a registry and pull them from it.",
        actions: &[
            "Microsoft.ContainerRegistry/registries/importImage/action",
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/read",
        ],
        not_actions: &[],
        data_actions: &[],
    },
    Role {
        id: RoleId(uuid!("b93aa761-3e63-49ed-ac28-beffa264f7ac")),
        name: "Container Registry Repository Reader",
        description: "Read content and metadata of repositories, without listing them.",
        actions: &[],
        not_actions: &[],
        data_actions: &[
            "Microsoft.ContainerRegistry/registries/repositories/content/read",
            "Microsoft.ContainerRegistry/registries/repositories/metadata/read",
        ],
    },
    Role {
        id: RoleId(uuid!("2a1e307c-b015-4ebd-883e-5b7698a07328")),
        name: "Container Registry Repository Writer",
        description: "Read and write content and metadata of repositories, without listing them.",
        actions: &[],
        not_actions: &[],
        data_actions: &[
            "Microsoft.ContainerRegistry/registries/repositories/content/read",
            "Microsoft.ContainerRegistry/registries/repositories/content/write",
            "Microsoft.ContainerRegistry/registries/repositories/metadata/read",
            "Microsoft.ContainerRegistry/registries/repositories/metadata/write",
        ],
    },
    Role {
        id: RoleId(uuid!("2efddaa5-3f1f-4df3-97df-af3f13818f4c")),
        name: "Container Registry Repository Contributor",
        description: "Read, write and delete content and metadata of repositories, without listing them.",
        actions: &[],
        not_actions: &[],
        data_actions: &[
            "Microsoft.ContainerRegistry/registries/repositories/content/*",
            "Microsoft.ContainerRegistry/registries/repositories/metadata/*",
        ],
    },
    Role {
        id: RoleId(uuid!("bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7")),
        name: "Container Registry Repository Catalog Lister",
        description: "List the repositories of a registry.",
        actions: &[],
        not_actions: &[],
        data_actions: &["Microsoft.ContainerRegistry/registries/catalog/read"],
    },
];

const SECURITY_READER_ACTIONS: &[&str] = &[
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/read",
    "Microsoft.Resources/deployments/*/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Security/*/read",
    "Microsoft.Support/*/read",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_names_are_unique() {
        for (index, role) in BUILT_IN_ROLES.iter().enumerate() {
            assert_eq!(Role::find(role.id), Some(role));
            assert_eq!(Role::named(&role.name.to_uppercase()), Some(role));
            assert!(BUILT_IN_ROLES[index + 1..].iter().all(|other| other.name != role.name), "{}", role.name);
        }
    }

    /// One line per role, one column per action that the product asks for today.
    #[test]
    fn who_may_do_what() {
        let columns = [
            Action::REGISTRY_READ,
            Action::PULL,
            Action::PUSH,
            Action::ARTIFACT_DELETE,
            Action::PRICING_READ,
            Action::PRICING_WRITE,
            Action::SUB_ASSESSMENT_READ,
            Action::data("Microsoft.ContainerRegistry/registries/quarantinedArtifacts/write"),
        ];
        let table: String = BUILT_IN_ROLES
            .iter()
            .map(|role| {
                let row: String =
                    columns.map(|action| if role.grants(action) { 'x' } else { '.' }).iter().collect();
                format!("{row} {}\n", role.name)
            })
            .collect();
        expect_test::expect![[r#"
            xxxxxxx. Owner
            xxxxxxx. Contributor
            xx..x.x. Reader
            xx..x.x. User Access Administrator
            ....x.x. Security Reader
            ....xxx. Security Admin
            ........ Security Assessment Contributor
            .x...... AcrPull
            .xx..... AcrPush
            ...x.... AcrDelete
            ........ AcrQuarantineReader
            .......x AcrQuarantineWriter
            ........ AcrImageSigner
            xx...... Container Registry Data Importer and Data Reader
            ........ Container Registry Repository Reader
            ........ Container Registry Repository Writer
            ........ Container Registry Repository Contributor
            ........ Container Registry Repository Catalog Lister
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn exceptions_of_a_role_are_taken_out() {
        let write = Action::control("Microsoft.Authorization/roleAssignments/write");
        assert!(Role::named("Owner").unwrap().grants(write));
        assert!(!Role::named("Contributor").unwrap().grants(write));
    }
}
