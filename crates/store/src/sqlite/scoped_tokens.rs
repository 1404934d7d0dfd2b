//! Scope maps and tokens of a registry's own in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, exists, json_text, moment, row, rows};
use crate::{
    Error, PasswordSlot, PrincipalId, RegistryId, ScopeMap, ScopeMapRemoval, ScopedAction, ScopedToken,
    ScopedTokens, TokenPassword, TokenPut,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

#[async_trait]
impl ScopedTokens for SqliteStore {
    async fn put_scope_map(
        &self,
        registry: RegistryId,
        name: &str,
        description: &str,
        actions: Vec<ScopedAction>,
        at: Timestamp,
    ) -> Result<Option<ScopeMap>, Error> {
        if built_in(name).is_some() {
            return Ok(None);
        }
        let (name, description) = (name.to_owned(), description.to_owned());
        self.write(move |connection| {
            let actions: Vec<String> = actions.iter().map(ToString::to_string).collect();
            let sql = "INSERT INTO scope_map (registry, name, description, actions, created_at)
                       VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT (registry, name) DO UPDATE SET
                           description = excluded.description, actions = excluded.actions";
            let values = params![registry.0, name, description, json_text(&actions)?, moment(at)];
            change(connection, sql, values)?;
            find_map(connection, registry, &name)
        })
        .await
    }

    async fn scope_map(&self, registry: RegistryId, name: &str) -> Result<Option<ScopeMap>, Error> {
        let name = name.to_owned();
        self.read(move |connection| find_map(connection, registry, &name)).await
    }

    async fn scope_maps(&self, registry: RegistryId) -> Result<Vec<ScopeMap>, Error> {
        self.read(move |connection| {
            let sql = "SELECT * FROM scope_map WHERE registry = ?1 ORDER BY name";
            let own = rows(connection, sql, [registry.0], scope_map)?;
            Ok(ScopeMap::built_in().chain(own).collect())
        })
        .await
    }

    async fn delete_scope_map(&self, registry: RegistryId, name: &str) -> Result<ScopeMapRemoval, Error> {
        if built_in(name).is_some() {
            return Ok(ScopeMapRemoval::BuiltIn);
        }
        let name = name.to_owned();
        self.write(move |connection| {
            let users = "SELECT 1 FROM scoped_token WHERE registry = ?1 AND scope_map = ?2";
            if exists(connection, users, params![registry.0, name])? {
                return Ok(ScopeMapRemoval::InUse);
            }
            let sql = "DELETE FROM scope_map WHERE registry = ?1 AND name = ?2";
            let was_there = change(connection, sql, params![registry.0, name])? > 0;
            Ok(if was_there { ScopeMapRemoval::Removed } else { ScopeMapRemoval::Absent })
        })
        .await
    }

    async fn put_scoped_token(
        &self,
        registry: RegistryId,
        name: &str,
        principal: PrincipalId,
        scope_map: &str,
        enabled: bool,
        at: Timestamp,
    ) -> Result<TokenPut, Error> {
        let (name, scope_map) = (name.to_owned(), scope_map.to_owned());
        self.write(move |connection| {
            if find_map(connection, registry, &scope_map)?.is_none() {
                return Ok(TokenPut::NoScopeMap);
            }
            let sql = "INSERT INTO scoped_token (registry, name, principal, scope_map, enabled, created_at, passwords)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, '[]')
                       ON CONFLICT (registry, name) DO UPDATE SET
                           scope_map = excluded.scope_map, enabled = excluded.enabled";
            let principal = principal.to_string();
            change(connection, sql, params![registry.0, name, principal, scope_map, enabled, moment(at)])?;
            find(connection, registry, &name)?
                .map(|token| TokenPut::Kept(Box::new(token)))
                .ok_or_else(|| Error::Unknown { what: "token", name })
        })
        .await
    }

    async fn scoped_token(&self, registry: RegistryId, name: &str) -> Result<Option<ScopedToken>, Error> {
        let name = name.to_owned();
        self.read(move |connection| find(connection, registry, &name)).await
    }

    async fn scoped_token_of(&self, principal: PrincipalId) -> Result<Option<ScopedToken>, Error> {
        self.read(move |connection| {
            let sql = "SELECT * FROM scoped_token WHERE principal = ?1";
            row(connection, sql, [principal.to_string()], token)
        })
        .await
    }

    async fn scoped_tokens(&self, registry: RegistryId) -> Result<Vec<ScopedToken>, Error> {
        self.read(move |connection| {
            let sql = "SELECT * FROM scoped_token WHERE registry = ?1 ORDER BY name";
            rows(connection, sql, [registry.0], token)
        })
        .await
    }

    async fn delete_scoped_token(&self, registry: RegistryId, name: &str) -> Result<bool, Error> {
        let name = name.to_owned();
        self.write(move |connection| {
            let sql = "DELETE FROM scoped_token WHERE registry = ?1 AND name = ?2";
            Ok(change(connection, sql, params![registry.0, name])? > 0)
        })
        .await
    }

    async fn set_token_password(
        &self,
        registry: RegistryId,
        name: &str,
        password: TokenPassword,
    ) -> Result<bool, Error> {
        let name = name.to_owned();
        self.write(move |connection| {
            let Some(mut token) = find(connection, registry, &name)? else { return Ok(false) };
            token.passwords.retain(|other| other.slot != password.slot);
            token.passwords.push(password);
            token.passwords.sort_by_key(|password| password.slot);
            keep_passwords(connection, &token)?;
            Ok(true)
        })
        .await
    }

    async fn clear_token_password(
        &self,
        registry: RegistryId,
        name: &str,
        slot: PasswordSlot,
    ) -> Result<bool, Error> {
        let name = name.to_owned();
        self.write(move |connection| {
            let Some(mut token) = find(connection, registry, &name)? else { return Ok(false) };
            let before = token.passwords.len();
            token.passwords.retain(|password| password.slot != slot);
            keep_passwords(connection, &token)?;
            Ok(token.passwords.len() < before)
        })
        .await
    }
}

fn built_in(name: &str) -> Option<ScopeMap> {
    ScopeMap::built_in().find(|map| map.name.eq_ignore_ascii_case(name))
}

fn find_map(connection: &Connection, registry: RegistryId, name: &str) -> Result<Option<ScopeMap>, Error> {
    if let Some(map) = built_in(name) {
        return Ok(Some(map));
    }
    let sql = "SELECT * FROM scope_map WHERE registry = ?1 AND name = ?2";
    row(connection, sql, params![registry.0, name], scope_map)
}

fn scope_map(row: &Row<'_>) -> Result<ScopeMap, Error> {
    let actions: Vec<String> = row.json("actions")?;
    Ok(ScopeMap {
        name: row.plain("name")?,
        description: row.plain("description")?,
        // A line that cannot be read opens nothing.
        actions: actions.iter().filter_map(|action| action.parse().ok()).collect(),
        is_built_in: false,
        created_at: Some(row.moment("created_at")?),
    })
}

fn find(connection: &Connection, registry: RegistryId, name: &str) -> Result<Option<ScopedToken>, Error> {
    let sql = "SELECT * FROM scoped_token WHERE registry = ?1 AND name = ?2";
    row(connection, sql, params![registry.0, name], token)
}

fn keep_passwords(connection: &Connection, token: &ScopedToken) -> Result<(), Error> {
    let sql = "UPDATE scoped_token SET passwords = ?3 WHERE registry = ?1 AND name = ?2";
    change(connection, sql, params![token.registry.0, token.name, json_text(&token.passwords)?])?;
    Ok(())
}

fn token(row: &Row<'_>) -> Result<ScopedToken, Error> {
    Ok(ScopedToken {
        registry: RegistryId(row.plain("registry")?),
        name: row.plain("name")?,
        principal: PrincipalId(row.parsed("principal")?),
        scope_map: row.plain("scope_map")?,
        enabled: row.plain("enabled")?,
        created_at: row.moment("created_at")?,
        passwords: row.json("passwords")?,
    })
}
