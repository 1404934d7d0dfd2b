//! Rules of saved queries.

use crate::scene::second;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{PageRequest, SavedQuery, Store};

fn query(scope: &str, name: &str) -> SavedQuery {
    SavedQuery {
        scope: scope.to_owned(),
        name: name.to_owned(),
        query: "Resources | count".to_owned(),
        description: "How many there are.".to_owned(),
        tags: BTreeMap::from([("team".to_owned(), "quay".to_owned())]),
        modified_at: second(1),
    }
}

pub(crate) async fn saved_queries_come_and_go_in_any_case(store: Arc<dyn Store>) {
    let one = query("/subscriptions/s/resourceGroups/Quay", "Count");
    assert!(store.put_saved_query(one.clone()).await.unwrap());
    let found = store.saved_query("/SUBSCRIPTIONS/s/resourcegroups/quay", "COUNT").await.unwrap();
    assert_eq!(found, Some(one.clone()));
    let other = SavedQuery { query: "Images | count".to_owned(), modified_at: second(2), ..one.clone() };
    assert!(!store.put_saved_query(SavedQuery { name: "COUNT".into(), ..other }).await.unwrap());
    let found = store.saved_query(&one.scope, &one.name).await.unwrap().unwrap();
    assert_eq!((found.query.as_str(), found.modified_at), ("Images | count", second(2)));
    assert!(store.delete_saved_query(&one.scope, "count").await.unwrap());
    assert!(!store.delete_saved_query(&one.scope, "count").await.unwrap());
    assert_eq!(store.saved_query(&one.scope, "count").await.unwrap(), None);
}

pub(crate) async fn saved_queries_are_listed_below_a_scope(store: Arc<dyn Store>) {
    for (scope, name) in [
        ("/subscriptions/s/resourceGroups/b", "two"),
        ("/subscriptions/s/resourceGroups/a", "one"),
        ("/subscriptions/s/resourceGroups/a", "Three"),
        ("/subscriptions/s2/resourceGroups/a", "foreign"),
    ] {
        store.put_saved_query(query(scope, name)).await.unwrap();
    }
    let list = async |scope: &str| {
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let page = store.saved_queries(scope, PageRequest { after, limit: 1 }).await.unwrap();
            names.extend(page.items.into_iter().map(|query| query.name));
            match page.next {
                Some(next) => after = Some(next),
                None => return names,
            }
        }
    };
    assert_eq!(list("/subscriptions/S").await, ["one", "Three", "two"]);
    assert_eq!(list("/subscriptions/s/resourcegroups/A").await, ["one", "Three"]);
    assert_eq!(list("/subscriptions/s/resourceGroups").await, ["one", "Three", "two"]);
    assert_eq!(list("/").await.len(), 4);
    assert_eq!(list("/subscriptions/none").await, [""; 0]);
}
