//! The actions of managing registries, access and the directory.
//!
//! Names are Azure's, but for those of `Microsoft.Directory`: Azure keeps the rights in its directory elsewhere, and
//! here they are given by the same roles as all others.

use super::Action;

impl Action {
    /// Create or change resource groups.
    pub const RESOURCE_GROUP_WRITE: Self =
        Self::control("Microsoft.Resources/subscriptions/resourceGroups/write");
    /// Delete resource groups.
    pub const RESOURCE_GROUP_DELETE: Self =
        Self::control("Microsoft.Resources/subscriptions/resourceGroups/delete");
    /// Read management groups.
    pub const MANAGEMENT_GROUP_READ: Self = Self::control("Microsoft.Management/managementGroups/read");
    /// Create subscriptions.
    pub const SUBSCRIPTION_CREATE: Self = Self::control("Microsoft.Subscription/aliases/write");
    /// Read how subscriptions were created.
    pub const SUBSCRIPTION_ALIAS_READ: Self = Self::control("Microsoft.Subscription/aliases/read");
    /// Create or change registries, their policies among it.
    pub const REGISTRY_WRITE: Self = Self::control("Microsoft.ContainerRegistry/registries/write");
    /// Delete registries.
    pub const REGISTRY_DELETE: Self = Self::control("Microsoft.ContainerRegistry/registries/delete");
    /// Ask whether a name is free.
    pub const REGISTRY_NAME_CHECK: Self =
        Self::control("Microsoft.ContainerRegistry/checkNameAvailability/read");
    /// See the passwords of the registry's own account.
    pub const REGISTRY_CREDENTIALS: Self =
        Self::control("Microsoft.ContainerRegistry/registries/listCredentials/action");
    /// Replace one of them.
    pub const REGISTRY_CREDENTIAL_RENEW: Self =
        Self::control("Microsoft.ContainerRegistry/registries/regenerateCredential/action");
    /// See how much of its quota a registry uses.
    pub const REGISTRY_USAGES: Self = Self::control("Microsoft.ContainerRegistry/registries/listUsages/read");
    /// See what became of something that takes long.
    pub const REGISTRY_OPERATION_READ: Self =
        Self::control("Microsoft.ContainerRegistry/locations/operationResults/read");
    /// Copy images from elsewhere into a registry.
    pub const REGISTRY_IMPORT: Self =
        Self::control("Microsoft.ContainerRegistry/registries/importImage/action");
    /// Make passwords for tokens.
    pub const REGISTRY_TOKEN_CREDENTIALS: Self =
        Self::control("Microsoft.ContainerRegistry/registries/generateCredentials/action");
    /// Read webhooks.
    pub const WEBHOOK_READ: Self = Self::control("Microsoft.ContainerRegistry/registries/webhooks/read");
    /// Create or change webhooks.
    pub const WEBHOOK_WRITE: Self = Self::control("Microsoft.ContainerRegistry/registries/webhooks/write");
    /// Delete webhooks.
    pub const WEBHOOK_DELETE: Self = Self::control("Microsoft.ContainerRegistry/registries/webhooks/delete");
    /// Have a webhook called.
    pub const WEBHOOK_PING: Self =
        Self::control("Microsoft.ContainerRegistry/registries/webhooks/ping/action");
    /// See where a webhook calls, with its secret headers.
    pub const WEBHOOK_CONFIGURATION: Self =
        Self::control("Microsoft.ContainerRegistry/registries/webhooks/getCallbackConfig/action");
    /// See what was delivered.
    pub const WEBHOOK_EVENTS: Self =
        Self::control("Microsoft.ContainerRegistry/registries/webhooks/listEvents/action");
    /// Read scope maps.
    pub const SCOPE_MAP_READ: Self = Self::control("Microsoft.ContainerRegistry/registries/scopeMaps/read");
    /// Create or change scope maps.
    pub const SCOPE_MAP_WRITE: Self = Self::control("Microsoft.ContainerRegistry/registries/scopeMaps/write");
    /// Delete scope maps.
    pub const SCOPE_MAP_DELETE: Self =
        Self::control("Microsoft.ContainerRegistry/registries/scopeMaps/delete");
    /// Read tokens.
    pub const TOKEN_READ: Self = Self::control("Microsoft.ContainerRegistry/registries/tokens/read");
    /// Create or change tokens.
    pub const TOKEN_WRITE: Self = Self::control("Microsoft.ContainerRegistry/registries/tokens/write");
    /// Delete tokens.
    pub const TOKEN_DELETE: Self = Self::control("Microsoft.ContainerRegistry/registries/tokens/delete");

    /// Read content of a repository.
    pub const CONTENT_READ: Self =
        Self::data("Microsoft.ContainerRegistry/registries/repositories/content/read");
    /// Write content of a repository.
    pub const CONTENT_WRITE: Self =
        Self::data("Microsoft.ContainerRegistry/registries/repositories/content/write");
    /// Delete content of a repository.
    pub const CONTENT_DELETE: Self =
        Self::data("Microsoft.ContainerRegistry/registries/repositories/content/delete");
    /// Read what is known of a repository.
    pub const REPOSITORY_METADATA_READ: Self =
        Self::data("Microsoft.ContainerRegistry/registries/repositories/metadata/read");
    /// Change what may be done with a repository.
    pub const REPOSITORY_METADATA_WRITE: Self =
        Self::data("Microsoft.ContainerRegistry/registries/repositories/metadata/write");
    /// List the repositories.
    pub const CATALOG_READ: Self = Self::data("Microsoft.ContainerRegistry/registries/catalog/read");

    /// Read locks.
    pub const LOCK_READ: Self = Self::control("Microsoft.Authorization/locks/read");
    /// Lock something, or change a lock.
    pub const LOCK_WRITE: Self = Self::control("Microsoft.Authorization/locks/write");
    /// Take locks away.
    pub const LOCK_DELETE: Self = Self::control("Microsoft.Authorization/locks/delete");
    /// Read tags by themselves.
    pub const TAG_READ: Self = Self::control("Microsoft.Resources/tags/read");
    /// Set tags, and nothing else, of groups and registries.
    pub const TAG_WRITE: Self = Self::control("Microsoft.Resources/tags/write");
    /// Take all tags away.
    pub const TAG_DELETE: Self = Self::control("Microsoft.Resources/tags/delete");
    /// Read where results are kept.
    pub const SECURITY_LOCATION_READ: Self = Self::control("Microsoft.Security/locations/read");

    /// Create or change custom roles.
    pub const ROLE_DEFINITION_WRITE: Self = Self::control("Microsoft.Authorization/roleDefinitions/write");
    /// Delete custom roles.
    pub const ROLE_DEFINITION_DELETE: Self = Self::control("Microsoft.Authorization/roleDefinitions/delete");
    /// Give roles.
    pub const ROLE_ASSIGNMENT_WRITE: Self = Self::control("Microsoft.Authorization/roleAssignments/write");
    /// Take roles away.
    pub const ROLE_ASSIGNMENT_DELETE: Self = Self::control("Microsoft.Authorization/roleAssignments/delete");

    /// Administer users, groups and the applications of others: asked for at the tenant.
    pub const DIRECTORY_WRITE: Self = Self::control("Microsoft.Directory/objects/write");
}
