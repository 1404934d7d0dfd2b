//! Installation, subscriptions, registries, plans, accounts, roles and secrets in SQLite.

use super::column::{Columns, change, moment, row, rows, value};
use super::{SqliteStore, authorization};
use crate::{
    Account, AccountKind, Error, Installation, Plan, PlanTier, PrincipalId, Registry, RegistryId,
    RoleAssignment, RoleId, Subscription, SubscriptionId, Tenancy, TenantId,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

#[async_trait]
impl Tenancy for SqliteStore {
    async fn install(&self, installation: Installation, at: Timestamp) -> Result<Installation, Error> {
        self.write(move |connection| install(connection, &installation, at)).await
    }

    async fn installation(&self) -> Result<Option<Installation>, Error> {
        self.read(installation).await
    }

    async fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        self.read(|connection| {
            rows(connection, "SELECT id, name, tenant FROM subscription ORDER BY id", [], |row| {
                Ok(Subscription {
                    id: SubscriptionId(row.parsed("id")?),
                    name: row.plain("name")?,
                    tenant: TenantId(row.parsed("tenant")?),
                })
            })
        })
        .await
    }

    async fn registries(&self, subscription: SubscriptionId) -> Result<Vec<Registry>, Error> {
        self.read(move |connection| {
            let sql = "SELECT * FROM registry WHERE subscription = ?1 ORDER BY name";
            rows(connection, sql, [subscription.to_string()], registry)
        })
        .await
    }

    async fn registry(&self, id: RegistryId) -> Result<Option<Registry>, Error> {
        self.read(move |connection| row(connection, "SELECT * FROM registry WHERE id = ?1", [id.0], registry))
            .await
    }

    async fn registry_by_name(&self, name: &str) -> Result<Option<Registry>, Error> {
        let name = name.to_owned();
        self.read(move |connection| {
            row(
                connection,
                "SELECT * FROM registry WHERE name = ?1 AND attached_to IS NULL",
                [name],
                registry,
            )
        })
        .await
    }

    async fn set_plan(
        &self,
        subscription: SubscriptionId,
        name: &str,
        tier: PlanTier,
        at: Timestamp,
    ) -> Result<Plan, Error> {
        let name = name.to_owned();
        self.write(move |connection| set_plan(connection, subscription, &name, tier, at)).await
    }

    async fn plan(&self, subscription: SubscriptionId, name: &str) -> Result<Option<Plan>, Error> {
        let name = name.to_owned();
        self.read(move |connection| find_plan(connection, subscription, &name)).await
    }

    async fn plans(&self, subscription: SubscriptionId) -> Result<Vec<Plan>, Error> {
        self.read(move |connection| {
            let sql = "SELECT * FROM plan WHERE subscription = ?1 ORDER BY name";
            rows(connection, sql, [subscription.to_string()], plan)
        })
        .await
    }

    async fn put_account(&self, account: Account) -> Result<Account, Error> {
        self.write(move |connection| put_account(connection, &account)).await
    }

    async fn account(&self, name: &str) -> Result<Option<Account>, Error> {
        let name = name.to_owned();
        self.read(move |connection| find_account(connection, &name)).await
    }

    async fn account_of(&self, principal: PrincipalId) -> Result<Option<Account>, Error> {
        self.read(move |connection| {
            let sql = "SELECT * FROM account WHERE principal = ?1";
            row(connection, sql, [principal.to_string()], account)
        })
        .await
    }

    async fn accounts(&self) -> Result<Vec<Account>, Error> {
        self.read(|connection| rows(connection, "SELECT * FROM account ORDER BY name", [], account)).await
    }

    async fn delete_account(&self, name: &str) -> Result<bool, Error> {
        let name = name.to_owned();
        self.write(move |connection| {
            let roles = "DELETE FROM role_assignment
                         WHERE principal = (SELECT principal FROM account WHERE name = ?1)";
            change(connection, roles, [&name])?;
            Ok(change(connection, "DELETE FROM account WHERE name = ?1", [&name])? > 0)
        })
        .await
    }

    async fn assign_role(&self, assignment: RoleAssignment) -> Result<(), Error> {
        self.write(move |connection| {
            let sql = "INSERT INTO role_assignment (id, principal, role, scope, principal_kind)
                       VALUES (?1, ?2, ?3, ?4, CASE (SELECT kind FROM account WHERE principal = ?2)
                           WHEN 'Service' THEN 'ServicePrincipal' ELSE 'User' END)
                       ON CONFLICT DO NOTHING";
            let id = authorization::derived_name(&assignment).to_string();
            let RoleAssignment { principal, role, scope } = assignment;
            change(connection, sql, params![id, principal.to_string(), role.to_string(), scope])?;
            Ok(())
        })
        .await
    }

    async fn revoke_role(&self, assignment: &RoleAssignment) -> Result<bool, Error> {
        let RoleAssignment { principal, role, scope } = assignment.clone();
        self.write(move |connection| {
            let sql = "DELETE FROM role_assignment WHERE principal = ?1 AND role = ?2 AND scope = ?3";
            Ok(change(connection, sql, params![principal.to_string(), role.to_string(), scope])? > 0)
        })
        .await
    }

    async fn role_assignments(&self, principal: PrincipalId) -> Result<Vec<RoleAssignment>, Error> {
        self.read(move |connection| {
            let sql = "SELECT role, scope FROM role_assignment WHERE principal = ?1 ORDER BY role, scope";
            rows(connection, sql, [principal.to_string()], |row| {
                Ok(RoleAssignment {
                    principal,
                    role: RoleId(row.parsed("role")?),
                    scope: row.plain("scope")?,
                })
            })
        })
        .await
    }

    async fn secret(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let name = name.to_owned();
        self.read(move |connection| value(connection, "SELECT bytes FROM secret WHERE name = ?1", [name]))
            .await
    }

    async fn put_secret_if_absent(&self, name: &str, secret: Vec<u8>) -> Result<Vec<u8>, Error> {
        let name = name.to_owned();
        self.write(move |connection| {
            // The update that changes nothing makes RETURNING give the row that was there.
            let sql = "INSERT INTO secret (name, bytes) VALUES (?1, ?2)
                       ON CONFLICT (name) DO UPDATE SET bytes = bytes RETURNING bytes";
            Ok(connection.prepare_cached(sql)?.query_row(params![name, secret], |row| row.get(0))?)
        })
        .await
    }
}

fn install(connection: &Connection, new: &Installation, at: Timestamp) -> Result<Installation, Error> {
    if let Some(present) = installation(connection)? {
        let sql = "UPDATE registry SET login_server = ?1
                   WHERE id = (SELECT registry FROM installation) AND login_server <> ?1";
        change(connection, sql, [&new.login_server])?;
        return Ok(Installation { login_server: new.login_server.clone(), ..present });
    }
    change(
        connection,
        "INSERT INTO subscription (id, name, tenant) VALUES (?1, ?2, ?3)",
        params![new.subscription.to_string(), new.subscription_name, new.tenant.to_string()],
    )?;
    change(
        connection,
        "INSERT INTO registry (subscription, resource_group, name, login_server, location, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            new.subscription.to_string(),
            new.resource_group,
            new.registry,
            new.login_server,
            new.location,
            moment(at)
        ],
    )?;
    let registry = connection.last_insert_rowid();
    change(connection, "INSERT INTO installation (id, registry) VALUES (1, ?1)", [registry])?;
    Ok(new.clone())
}

fn installation(connection: &Connection) -> Result<Option<Installation>, Error> {
    let sql = "SELECT s.tenant, s.id, s.name AS subscription_name, r.resource_group, r.name AS registry,
                      r.login_server, r.location
               FROM installation i JOIN registry r ON r.id = i.registry
               JOIN subscription s ON s.id = r.subscription";
    row(connection, sql, [], |row| {
        Ok(Installation {
            tenant: TenantId(row.parsed("tenant")?),
            subscription: SubscriptionId(row.parsed("id")?),
            subscription_name: row.plain("subscription_name")?,
            resource_group: row.plain("resource_group")?,
            registry: row.plain("registry")?,
            login_server: row.plain("login_server")?,
            location: row.plain("location")?,
        })
    })
}

pub(super) fn registry(row: &Row<'_>) -> Result<Registry, Error> {
    Ok(Registry {
        id: RegistryId(row.plain("id")?),
        subscription: SubscriptionId(row.parsed("subscription")?),
        resource_group: row.plain("resource_group")?,
        name: row.plain("name")?,
        login_server: row.plain("login_server")?,
        location: row.plain("location")?,
        created_at: row.moment("created_at")?,
        attached_to: row.plain::<Option<i64>>("attached_to")?.map(RegistryId),
    })
}

/// Sets the tier of a plan; what else belongs to it is in `plans`.
pub(super) fn set_plan(
    connection: &Connection,
    subscription: SubscriptionId,
    name: &str,
    tier: PlanTier,
    at: Timestamp,
) -> Result<Plan, Error> {
    if let Some(present) = find_plan(connection, subscription, name)?
        && present.tier == tier
    {
        return Ok(present);
    }
    if value::<i64>(connection, "SELECT 1 FROM subscription WHERE id = ?1", [subscription.to_string()])?
        .is_none()
    {
        return Err(Error::Unknown { what: "subscription", name: subscription.to_string() });
    }
    let enabled_at = (tier == PlanTier::Standard).then_some(at);
    if tier == PlanTier::Standard {
        super::plans::begin_trial(connection, subscription, name, at)?;
    }
    let sql = "INSERT INTO plan (subscription, name, tier, enabled_at, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (subscription, name) DO UPDATE
               SET tier = excluded.tier, enabled_at = excluded.enabled_at, changed_at = excluded.changed_at";
    let enabled = enabled_at.map(moment);
    change(connection, sql, params![subscription.to_string(), name, tier_word(tier), enabled, moment(at)])?;
    Ok(Plan { subscription, name: name.to_owned(), tier, enabled_at, changed_at: at })
}

/// A plan, if it was ever set.
pub(super) fn find_plan(
    connection: &Connection,
    subscription: SubscriptionId,
    name: &str,
) -> Result<Option<Plan>, Error> {
    let sql = "SELECT * FROM plan WHERE subscription = ?1 AND name = ?2";
    row(connection, sql, params![subscription.to_string(), name], plan)
}

fn plan(row: &Row<'_>) -> Result<Plan, Error> {
    Ok(Plan {
        subscription: SubscriptionId(row.parsed("subscription")?),
        name: row.plain("name")?,
        tier: row.word("tier", tier_of_word)?,
        enabled_at: row.maybe_moment("enabled_at")?,
        changed_at: row.moment("changed_at")?,
    })
}

/// The tier of a word.
pub(super) fn tier_of_word(word: &str) -> Option<PlanTier> {
    [PlanTier::Free, PlanTier::Standard].into_iter().find(|tier| tier_word(*tier) == word)
}

/// The word of a tier.
pub(super) fn tier_word(tier: PlanTier) -> &'static str {
    match tier {
        PlanTier::Free => "Free",
        PlanTier::Standard => "Standard",
    }
}

fn put_account(connection: &Connection, account: &Account) -> Result<Account, Error> {
    let sql = "INSERT INTO account (name, principal, secret_hash, kind, created_at, display_name, enabled)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (name) DO UPDATE SET secret_hash = excluded.secret_hash, kind = excluded.kind,
             display_name = excluded.display_name, enabled = excluded.enabled,
             generation = generation + (secret_hash <> excluded.secret_hash OR enabled > excluded.enabled)";
    let kind = match account.kind {
        AccountKind::User => "User",
        AccountKind::Service => "Service",
    };
    let principal = account.principal.to_string();
    change(
        connection,
        sql,
        params![
            account.name,
            principal,
            account.secret_hash,
            kind,
            moment(account.created_at),
            account.display_name,
            account.enabled
        ],
    )?;
    find_account(connection, &account.name)?
        .ok_or_else(|| Error::Unknown { what: "account", name: account.name.clone() })
}

fn find_account(connection: &Connection, name: &str) -> Result<Option<Account>, Error> {
    row(connection, "SELECT * FROM account WHERE name = ?1", [name], account)
}

fn account(row: &Row<'_>) -> Result<Account, Error> {
    Ok(Account {
        principal: PrincipalId(row.parsed("principal")?),
        name: row.plain("name")?,
        secret_hash: row.plain("secret_hash")?,
        kind: row.word("kind", |word| match word {
            "User" => Some(AccountKind::User),
            "Service" => Some(AccountKind::Service),
            _ => None,
        })?,
        created_at: row.moment("created_at")?,
        display_name: row.plain("display_name")?,
        enabled: row.plain("enabled")?,
        generation: row.plain("generation")?,
    })
}
