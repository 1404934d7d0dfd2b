//! Groups: `/groups`. Members have the roles of their groups; groups in groups do not pass them on.
//!
//! Groups are made by those who administer the directory. Owners of a group say who is in it, as at Azure: whoever gives
//! a role to a group trusts its owners.

use super::filter::Filter;
use super::{
    DirectoryRight, absent, collection, created, display_name, done, id, reference, require_owner, right,
};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::resources::{Resource, Route};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};
use store::{Group, Membership, PrincipalId, objects};
use uuid::Uuid;

macro_rules! route {
    ($method:ident $pattern:literal $right:ident $handler:ident) => {
        Route {
            method: Method::$method,
            pattern: $pattern,
            right: right(DirectoryRight::$right),
            handler: |state, request| Box::pin($handler(state, request)),
        }
    };
}
pub(super) use route;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Graph/groups",
    routes: &[
        route!(GET "/graph/v1.0/groups" Read list),
        route!(POST "/graph/v1.0/groups" Administer create),
        route!(GET "/graph/v1.0/groups/{id}" Read one),
        route!(DELETE "/graph/v1.0/groups/{id}" Own delete),
        route!(GET "/graph/v1.0/groups/{id}/members" Read members),
        route!(POST "/graph/v1.0/groups/{id}/members/$ref" Own add_member),
        route!(DELETE "/graph/v1.0/groups/{id}/members/{member}/$ref" Own remove_member),
        route!(GET "/graph/v1.0/groups/{id}/owners" Read owners),
        route!(POST "/graph/v1.0/groups/{id}/owners/$ref" Own add_owner),
        route!(DELETE "/graph/v1.0/groups/{id}/owners/{owner}/$ref" Own remove_owner),
        route!(POST "/graph/v1.0/groups/{id}/getMemberGroups" Read no_groups),
    ],
};

pub(super) fn view(group: &Group) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.group",
        "id": group.id.to_string(),
        "createdDateTime": group.created_at.to_string(),
        "description": group.description,
        "displayName": group.display_name,
        "groupTypes": [],
        "mail": null,
        "mailEnabled": false,
        "mailNickname": group.mail_nickname,
        "securityEnabled": true,
        "visibility": null,
    })
}

/// The groups of a member.
pub(super) async fn of_member(state: &ArmState, member: Uuid) -> Result<Vec<Uuid>, ArmError> {
    let memberships = objects::all_of::<Membership, _>(&*state.store, &member.to_string()).await?;
    Ok(memberships.into_iter().map(|membership| membership.group).collect())
}

/// Takes a principal that goes out of all groups.
pub(super) async fn forget_member(state: &ArmState, member: Uuid) -> Result<(), ArmError> {
    for group in of_member(state, member).await? {
        objects::delete::<Membership, _>(&*state.store, &format!("{group}/{member}")).await?;
    }
    Ok(())
}

async fn members_of(state: &ArmState, group: Uuid) -> Result<Vec<Uuid>, ArmError> {
    let all = objects::all::<Membership, _>(&*state.store).await?;
    Ok(all.into_iter().filter(|one| one.group == group).map(|one| one.member).collect())
}

async fn find(state: &ArmState, request: &Request) -> Result<Group, ArmError> {
    let text = request.name(0);
    let found = objects::find(&*state.store, &id(text)?.to_string()).await?;
    found.ok_or_else(|| absent(text))
}

/// The group of a path, for whoever may change it.
async fn own(state: &ArmState, request: &Request) -> Result<Group, ArmError> {
    let group = find(state, request).await?;
    require_owner(&request.caller, &group.owners)?;
    Ok(group)
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let filter = Filter::parse(request.query("$filter"))?;
    let groups = objects::all::<Group, _>(&*state.store).await?;
    let views = groups.iter().map(view).filter(|view| filter.passes(view));
    Ok(collection(state, "groups", views.collect()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(Json(view(&find(state, request).await?)).into_response())
}

async fn create(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let body = request.object()?;
    let group = Group {
        id: Uuid::new_v4(),
        display_name: display_name(&body)?,
        description: body["description"].as_str().map(|text| text.chars().take(1024).collect()),
        mail_nickname: body["mailNickname"].as_str().unwrap_or_default().chars().take(64).collect(),
        owners: vec![request.caller.principal.id],
        created_at: (state.clock)(),
    };
    objects::put(&*state.store, &group, group.created_at).await?;
    tracing::info!(group = %group.id, by = %request.subject, "a group was created");
    Ok(created(view(&group)))
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let group = own(state, request).await?;
    for member in members_of(state, group.id).await? {
        objects::delete::<Membership, _>(&*state.store, &format!("{}/{member}", group.id)).await?;
    }
    state.store.delete_role_assignments_of(PrincipalId(group.id)).await?;
    objects::delete::<Group, _>(&*state.store, &group.id.to_string()).await?;
    tracing::info!(group = %group.id, by = %request.subject, "a group was deleted");
    Ok(done())
}

async fn members(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let group = find(state, request).await?;
    let value = reference::views(state, &members_of(state, group.id).await?).await?;
    Ok(collection(state, "directoryObjects", value))
}

async fn add_member(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let group = own(state, request).await?;
    let member = reference::in_body(request)?;
    match reference::principal_kind(state, member).await? {
        Some("Group") => {
            return Err(ArmError::Invalid(
                "Groups in groups do not pass roles on here; add their members one by one.".into(),
            ));
        }
        Some(_) => {}
        None => return Err(absent(&member.to_string())),
    }
    if !objects::add(&*state.store, &Membership { group: group.id, member }, (state.clock)()).await? {
        return Err(ArmError::Invalid(
            "One or more added object references already exist for the following modified properties: 'members'."
                .into(),
        ));
    }
    tracing::info!(group = %group.id, %member, by = %request.subject, "a member was added to a group");
    Ok(done())
}

async fn remove_member(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let group = own(state, request).await?;
    let member = id(request.name(1))?;
    if !objects::delete::<Membership, _>(&*state.store, &format!("{}/{member}", group.id)).await? {
        return Err(absent(request.name(1)));
    }
    tracing::info!(group = %group.id, %member, by = %request.subject, "a member was removed from a group");
    Ok(done())
}

async fn owners(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let group = find(state, request).await?;
    Ok(collection(state, "directoryObjects", reference::views(state, &group.owners).await?))
}

async fn add_owner(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut group = own(state, request).await?;
    let owner = reference::in_body(request)?;
    if reference::principal_kind(state, owner).await?.is_none() {
        return Err(absent(&owner.to_string()));
    }
    if !group.owners.contains(&owner) {
        group.owners.push(owner);
    }
    objects::put(&*state.store, &group, (state.clock)()).await?;
    Ok(done())
}

async fn remove_owner(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut group = own(state, request).await?;
    group.owners = reference::without(&group.owners, id(request.name(1))?)?;
    objects::put(&*state.store, &group, (state.clock)()).await?;
    Ok(done())
}

/// A group is in no group.
async fn no_groups(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    find(state, request).await?;
    Ok(collection(state, "Collection(Edm.String)", Vec::new()))
}
