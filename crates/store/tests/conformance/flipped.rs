//! Rules of verdicts that are shown as other ones before they are written.

use crate::reevaluation::parent_job;
use crate::scene::{Scene, actor, package, second, snapshot};
use oci::Digest;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{
    Ahead, Cause, Found, HoldSeverity, ImageKey, ImageState, ImageSummary, JudgedImage, MoreFindings,
    PackageVersionId, PageRequest, PullPolicy, RepositoryKey, Ruling, ShownAhead, Store, SummaryFilter,
    Undecided,
};

use ImageState::{Healthy, NotApplicable, Unhealthy};

fn critical() -> BTreeMap<String, u64> {
    BTreeMap::from([("Critical".to_owned(), 1)])
}

/// Images with `musl`, of which one finding more is known, and some without it.
struct Fleet {
    scene: Scene,
    musl: PackageVersionId,
}

impl Fleet {
    async fn new(store: Arc<dyn Store>) -> Self {
        let scene = Scene::new(store).await;
        let digest = scene.push("anchor", "1", b"anchor").await;
        let musl = scene.scan(&["anchor"], &digest, &[package("musl", "1")]).await[0];
        Self { scene, musl }
    }

    fn key(&self, name: &'static str) -> ImageKey {
        self.scene.image(name, &Digest::of_sha256(name.as_bytes()))
    }

    /// An image as it was found; `has_it` says whether it has what the finding is about.
    async fn image(&self, name: &'static str, state: ImageState, has_it: bool) -> ImageSummary {
        let digest = self.scene.push(name, "1", name.as_bytes()).await;
        let what = if has_it { package("musl", "1") } else { package("curl", "1") };
        self.scene.scan(&[name], &digest, &[what]).await;
        let counts =
            if state == Unhealthy { BTreeMap::from([("High".to_owned(), 1)]) } else { BTreeMap::new() };
        let cause = (state == NotApplicable)
            .then(|| Cause { code: "LayerUnreadable".into(), sentence: "It is cut off.".into() });
        let summary = ImageSummary { counts, cause, ..self.scene.summary(name, &digest, state) };
        assert!(self.scene.store.put_summary(summary.clone()).await.unwrap());
        summary
    }

    /// The same, of which rules make something else.
    async fn ruled(&self, name: &'static str, cause: &str, state: ImageState) {
        let found = Found::of(&self.image(name, Unhealthy, true).await);
        let cause = Some(Cause { code: cause.into(), sentence: "Somebody decided so.".into() });
        let summary = self.summary(name).await;
        let shown = ImageSummary { state, cause, counts: BTreeMap::new(), ..summary };
        self.scene.store.put_judged(vec![(shown, found)], vec![], second(2)).await.unwrap();
    }

    /// An index of one image, healthy.
    async fn index(&self, name: &'static str, child: &'static str) -> ImageKey {
        let digest = self.scene.push(child, name, name.as_bytes()).await;
        let children = vec![self.key(child).digest];
        let summary = self.scene.summary(child, &digest, Healthy);
        let summary = ImageSummary { counts: BTreeMap::new(), children, snapshot: None, ..summary };
        assert!(self.scene.store.put_summary(summary.clone()).await.unwrap());
        summary.image
    }

    async fn show(&self, but: &[ImageKey], most_flips: Option<u64>) -> ShownAhead {
        let more = MoreFindings::new(self.musl, critical());
        self.show_this(more, BTreeMap::new(), but, most_flips).await
    }

    /// Something else, under these rules.
    async fn show_this(
        &self,
        more: MoreFindings,
        rulings: BTreeMap<RepositoryKey, Ruling>,
        but: &[ImageKey],
        most_flips: Option<u64>,
    ) -> ShownAhead {
        let ahead = Ahead {
            snapshot: snapshot("two"),
            packages: Vec::new(),
            vulnerabilities: Vec::new(),
            more: vec![(snapshot("one"), vec![more])],
            rulings,
            but: but.iter().cloned().collect(),
            most_flips,
        };
        self.scene.store.show_ahead(ahead, second(9)).await.unwrap()
    }

    async fn summary(&self, name: &'static str) -> ImageSummary {
        self.scene.store.summary(&self.key(name)).await.unwrap().unwrap()
    }

    /// State and findings in a line.
    async fn says(&self, name: &'static str) -> String {
        let summary = self.summary(name).await;
        let counts: Vec<String> =
            summary.counts.iter().map(|(severity, count)| format!(" {severity}={count}")).collect();
        let cause = summary.cause.map_or_else(String::new, |cause| format!(" {}", cause.code));
        format!("{:?}{}{cause}", summary.state, counts.concat())
    }

    fn filter(&self, states: &[ImageState]) -> SummaryFilter {
        SummaryFilter {
            registries: Some(vec![self.scene.registry]),
            states: states.to_vec(),
            ..SummaryFilter::default()
        }
    }

    /// The repositories of the images in some states, by every way to ask; all give the same, whatever the pages.
    async fn in_states(&self, states: &[ImageState]) -> Vec<String> {
        let filter = self.filter(states);
        let (store, mut listed, mut after) = (&self.scene.store, Vec::new(), None);
        loop {
            let page = store.summaries(&filter, PageRequest { after, limit: 2 }).await.unwrap();
            assert!(page.items.iter().all(|summary| states.is_empty() || states.contains(&summary.state)));
            listed.extend(page.items.into_iter().map(|summary| (summary.image, summary.state)));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let states_only = store.image_states(&filter, PageRequest::first(100)).await.unwrap().items;
        assert_eq!(states_only, listed);
        for (image, state) in &listed {
            let one = SummaryFilter { digest: Some(image.digest.clone()), ..filter.clone() };
            assert_eq!(
                store.image_states(&one, PageRequest::first(9)).await.unwrap().items,
                [(image.clone(), *state)]
            );
            assert_eq!(store.contents(&one, PageRequest::first(9)).await.unwrap().items[0].state, *state);
            let one = SummaryFilter { repository: Some(image.repository.name.clone()), ..filter.clone() };
            assert_eq!(
                store.image_states(&one, PageRequest::first(9)).await.unwrap().items,
                [(image.clone(), *state)]
            );
        }
        for state in states {
            let (mut contents, mut after) = (Vec::new(), None);
            loop {
                let of_state = self.filter(&[*state]);
                let page = store.contents(&of_state, PageRequest { after, limit: 2 }).await.unwrap();
                contents.extend(page.items.into_iter().map(|content| (content.image, content.state)));
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            let same: Vec<_> = listed.iter().filter(|(_, other)| other == state).cloned().collect();
            assert_eq!(contents, same, "{state:?}");
        }
        listed.into_iter().map(|(image, _)| image.repository.name.to_string()).collect()
    }

    /// How many images stand where, by every way to count.
    async fn counted(&self) -> BTreeMap<ImageState, u64> {
        let store = &self.scene.store;
        let counts: BTreeMap<_, _> = store.state_counts(None).await.unwrap().into_iter().collect();
        assert_eq!(store.standing(self.scene.registry).await.unwrap().counts, counts);
        let mut by_repository = BTreeMap::new();
        for count in store.image_counts(&self.filter(&[])).await.unwrap() {
            *by_repository.entry(count.state).or_insert(0) += count.images;
        }
        assert_eq!(by_repository, counts);
        for (state, count) in &counts {
            assert_eq!(self.in_states(&[*state]).await.len() as u64, *count, "{state:?}");
        }
        counts
    }

    async fn flips(&self, name: &'static str) -> usize {
        let events = self.scene.store.image_events(&self.key(name), 100).await.unwrap();
        events.iter().filter(|event| event.event.kind.as_str() == "verdict-changed").count()
    }

    async fn write(&self, name: &'static str, state: ImageState, critical: u64) {
        let counts = BTreeMap::from([("Critical".to_owned(), critical)]);
        let counts = if critical > 0 { counts } else { BTreeMap::new() };
        let judged = JudgedImage { image: self.key(name), state, cause: None, counts };
        self.scene.store.judge_again(vec![judged], snapshot("two"), parent_job, second(10)).await.unwrap();
    }
}

pub(crate) async fn verdicts_that_flip_are_shown_before_they_are_written(store: Arc<dyn Store>) {
    let fleet = Fleet::new(store).await;
    fleet.image("b-well", Healthy, true).await;
    fleet.image("c-other", Healthy, false).await;
    fleet.image("d-torn", NotApplicable, true).await;
    fleet.image("e-ill", Unhealthy, true).await;
    fleet.image("f-well", Healthy, true).await;
    assert_eq!(fleet.show(&[], Some(2)).await, ShownAhead::Shown(vec![]));
    assert_eq!(fleet.says("b-well").await, "Unhealthy Critical=1");
    assert_eq!(fleet.summary("b-well").await.changed_at, second(9));
    assert_eq!(fleet.says("c-other").await, "Healthy");
    assert_eq!(fleet.says("d-torn").await, "Unhealthy Critical=1 LayerUnreadable");
    assert_eq!(fleet.says("e-ill").await, "Unhealthy Critical=1 High=1");
    assert_eq!(fleet.in_states(&[Unhealthy]).await, ["anchor", "b-well", "d-torn", "e-ill", "f-well"]);
    assert_eq!(fleet.in_states(&[Healthy]).await, ["c-other"]);
    assert_eq!(fleet.in_states(&[]).await.len(), 6);
    assert_eq!(fleet.counted().await, BTreeMap::from([(Healthy, 1), (Unhealthy, 5)]));
    let image = fleet.key("b-well");
    let by_mark = fleet.scene.store.summaries_by_mark(image.mark()).await.unwrap();
    assert_eq!(by_mark, [fleet.summary("b-well").await]);
    let found = fleet.scene.store.found(&image).await.unwrap().unwrap();
    assert_eq!(found, Found::of(&by_mark[0]));
    assert_eq!(fleet.flips("b-well").await, 2, "new, and healthy: nothing is told before it is written");
    // Each is written at its own time, and told then.
    fleet.write("b-well", Unhealthy, 1).await;
    assert_eq!((fleet.says("b-well").await, fleet.flips("b-well").await), ("Unhealthy Critical=1".into(), 3));
    assert_eq!(fleet.counted().await, BTreeMap::from([(Healthy, 1), (Unhealthy, 5)]));
    // Somebody else may find that it is sound after all.
    fleet.write("f-well", Healthy, 0).await;
    assert_eq!((fleet.says("f-well").await, fleet.flips("f-well").await), ("Healthy".into(), 2));
    assert_eq!(fleet.counted().await, BTreeMap::from([(Healthy, 2), (Unhealthy, 4)]));
    fleet.scene.store.findings_are_counted().await.unwrap();
    assert_eq!(fleet.says("d-torn").await, "NotApplicable LayerUnreadable");
}

pub(crate) async fn what_cannot_be_decided_is_shown_before_it_is_written(store: Arc<dyn Store>) {
    let fleet = Fleet::new(store).await;
    fleet.image("b-well", Healthy, true).await;
    fleet.image("c-other", Healthy, false).await;
    fleet.image("d-torn", NotApplicable, true).await;
    fleet.image("e-ill", Unhealthy, true).await;
    fleet.ruled("f-ruled", "Exempt", Healthy).await;
    fleet.image("g-kept", Healthy, true).await;
    let index = fleet.index("all", "b-well").await;
    let undecided = Undecided { count: 2, vulnerability: "CVE-1".into(), detail: "CVE-1 in musl 1".into() };
    let doubt = MoreFindings { undecided: Some(undecided), ..MoreFindings::new(fleet.musl, BTreeMap::new()) };
    let but = [fleet.key("g-kept")];
    let show = async |most| fleet.show_this(doubt.clone(), BTreeMap::new(), &but, most).await;
    // The index follows its image, and is none more that flips.
    assert_eq!(show(Some(1)).await, ShownAhead::TooManyFlips(2));
    assert_eq!(fleet.says("b-well").await, "Healthy");
    assert_eq!(show(Some(2)).await, ShownAhead::Shown(vec![]));
    let expected = [
        ("b-well", "NotApplicable VersionsUndetermined"),
        ("c-other", "Healthy"),
        ("d-torn", "NotApplicable LayerUnreadable"),
        ("e-ill", "Unhealthy High=1"),
        ("f-ruled", "NotApplicable VersionsUndetermined"),
        ("g-kept", "Healthy"),
    ];
    for (name, says) in expected {
        assert_eq!(fleet.says(name).await, says, "{name}");
    }
    let sentence = "2 possible findings could not be decided, such as: CVE-1 in musl 1.";
    let summary = fleet.summary("b-well").await;
    assert_eq!(
        (summary.cause.unwrap().sentence.as_str(), summary.snapshot),
        (sentence, Some(snapshot("two")))
    );
    let of_index = fleet.scene.store.summary(&index).await.unwrap().unwrap();
    let cause = of_index.cause.unwrap();
    assert_eq!((of_index.state, cause.code.as_str()), (NotApplicable, "ChildNotAssessed"));
    assert!(cause.sentence.ends_with(sentence), "{}", cause.sentence);
    let found = async |name| fleet.scene.store.found(&fleet.key(name)).await.unwrap().unwrap();
    assert_eq!(found("b-well").await, Found::of(&fleet.summary("b-well").await));
    let ruled = found("f-ruled").await;
    assert_eq!((ruled.state, ruled.cause.unwrap().code.as_str()), (Unhealthy, "VersionsUndetermined"));
    let hidden = fleet.scene.store.hidden_contents(&fleet.filter(&[]), PageRequest::first(9)).await.unwrap();
    let hidden: Vec<_> = hidden.items.into_iter().map(|content| (content.image, content.state)).collect();
    assert_eq!(hidden, [(fleet.key("f-ruled"), NotApplicable)]);
    let counted = BTreeMap::from([(Healthy, 2), (NotApplicable, 4), (Unhealthy, 2)]);
    assert_eq!(fleet.counted().await, counted);
    assert_eq!(fleet.scene.store.uncounted().await.unwrap(), [fleet.musl]);
    assert_eq!(fleet.flips("b-well").await, 2);
    fleet.write("b-well", NotApplicable, 0).await;
    assert_eq!((fleet.flips("b-well").await, fleet.counted().await), (3, counted));
}

pub(crate) async fn what_rules_leave_is_shown_where_they_hold(store: Arc<dyn Store>) {
    let fleet = Fleet::new(store).await;
    for name in ["all", "some", "none"] {
        fleet.image(name, Healthy, true).await;
    }
    fleet.image("ill", Unhealthy, true).await;
    let low = BTreeMap::from([("Low".to_owned(), 2)]);
    let both: BTreeMap<_, _> = critical().into_iter().chain(low.clone()).collect();
    let left = BTreeMap::from([(Ruling(0), low), (Ruling(1), BTreeMap::new())]);
    let more = MoreFindings { left, ..MoreFindings::new(fleet.musl, both.clone()) };
    let ruled = [("some", Ruling(0)), ("none", Ruling(1)), ("ill", Ruling(1))];
    let rulings = ruled.map(|(name, ruling)| (fleet.key(name).repository, ruling));
    fleet.show_this(more, BTreeMap::from(rulings), &[], None).await;
    for (name, says) in [
        ("all", "Unhealthy Critical=1 Low=2"),
        ("some", "Unhealthy Low=2"),
        ("none", "Healthy"),
        ("ill", "Unhealthy High=1"),
    ] {
        assert_eq!(fleet.says(name).await, says, "{name}");
        let found = fleet.scene.store.found(&fleet.key(name)).await.unwrap().unwrap();
        let whole = both.iter().all(|(severity, count)| found.counts.get(severity) == Some(count));
        assert!(found.state == Unhealthy && whole, "what was found is whole: {name}, {found:?}");
    }
    assert_eq!(fleet.counted().await, BTreeMap::from([(Healthy, 1), (Unhealthy, 4)]));
    fleet.scene.store.findings_are_counted().await.unwrap();
    assert_eq!(fleet.says("all").await, "Healthy");
}

pub(crate) async fn too_many_flips_change_nothing(store: Arc<dyn Store>) {
    let fleet = Fleet::new(store).await;
    for name in ["a", "b", "c"] {
        fleet.image(name, Healthy, true).await;
    }
    fleet.image("torn", NotApplicable, true).await;
    let before = fleet.counted().await;
    assert_eq!(fleet.show(&[], Some(2)).await, ShownAhead::TooManyFlips(3));
    assert_eq!((fleet.counted().await, fleet.says("a").await), (before, "Healthy".into()));
    assert_eq!(fleet.scene.store.uncounted().await.unwrap(), []);
    let but = [fleet.key("a")];
    assert_eq!(fleet.show(&but, Some(2)).await, ShownAhead::Shown(vec![]));
    assert_eq!(fleet.in_states(&[Healthy]).await, ["a"], "it keeps its verdict until it is written");
    // What was shown before is forgotten.
    assert_eq!(fleet.show(&[], None).await, ShownAhead::Shown(vec![]));
    assert_eq!(fleet.in_states(&[Healthy]).await, Vec::<String>::new());
}

pub(crate) async fn rules_count_before_a_verdict_is_written_too(store: Arc<dyn Store>) {
    let fleet = Fleet::new(store).await;
    fleet.ruled("exempt", "Exempt", NotApplicable).await;
    fleet.ruled("partly", "Exempt", Healthy).await;
    fleet.show(&[], None).await;
    assert_eq!(fleet.says("exempt").await, "NotApplicable Exempt");
    assert_eq!(fleet.says("partly").await, "Unhealthy Critical=1", "what was hidden stays hidden");
    for name in ["exempt", "partly"] {
        let found = fleet.scene.store.found(&fleet.key(name)).await.unwrap().unwrap();
        let expected = BTreeMap::from([("Critical".to_owned(), 1), ("High".to_owned(), 1)]);
        assert_eq!((found.state, found.counts), (Unhealthy, expected), "{name}");
    }
    let hidden = fleet.scene.store.hidden_contents(&fleet.filter(&[]), PageRequest::first(9)).await.unwrap();
    let hidden: Vec<_> = hidden.items.into_iter().map(|content| content.image).collect();
    assert_eq!(hidden, [fleet.key("exempt")]);
    assert_eq!(fleet.counted().await, BTreeMap::from([(NotApplicable, 1), (Unhealthy, 2)]));
}

pub(crate) async fn an_index_is_as_bad_as_its_images_before_that_is_written(store: Arc<dyn Store>) {
    let fleet = Fleet::new(store).await;
    fleet.image("app", Healthy, true).await;
    fleet.image("other", Healthy, false).await;
    let (all, others) = (fleet.index("all", "app").await, fleet.index("others", "other").await);
    fleet.show(&[], None).await;
    let says = async |image| {
        let summary = fleet.scene.store.summary(image).await.unwrap().unwrap();
        (summary.state, summary.counts.values().sum::<u64>())
    };
    assert_eq!((says(&all).await, says(&others).await), ((Unhealthy, 1), (Healthy, 0)));
    // Its image is written first, and it follows by a job of its own.
    fleet.write("app", Unhealthy, 1).await;
    fleet.scene.store.findings_are_counted().await.unwrap();
    assert_eq!(says(&all).await, (Unhealthy, 1));
    let counts = BTreeMap::from([("Critical".to_owned(), 1)]);
    let written = fleet.scene.store.written_summary(&all).await.unwrap().unwrap();
    assert_eq!(written.state, Healthy);
    let written = ImageSummary { state: Unhealthy, counts, ..written };
    assert!(fleet.scene.store.put_summary(written).await.unwrap());
    assert_eq!(says(&all).await, (Unhealthy, 1));
    // Had its image been found sound after all, so would it.
    fleet.show(&[], None).await;
    fleet.write("app", Healthy, 0).await;
    fleet.scene.store.findings_are_counted().await.unwrap();
    assert_eq!(says(&others).await, (Healthy, 0));
}

pub(crate) async fn the_gate_holds_what_is_shown_as_unhealthy(store: Arc<dyn Store>) {
    let fleet = Fleet::new(store).await;
    fleet.image("app", Healthy, true).await;
    let policy =
        PullPolicy { quarantine: true, hold_severity: Some(HoldSeverity::High), ..PullPolicy::default() };
    fleet.scene.store.set_pull_policy(fleet.scene.registry, policy, &actor(), second(1)).await.unwrap();
    fleet.show(&[], None).await;
    let image = fleet.key("app");
    let facts = fleet.scene.store.pull_facts(&image.repository, &image.digest, false).await.unwrap();
    let standing = &facts.standings[0];
    let counts = BTreeMap::from([("Critical".to_owned(), 1)]);
    assert_eq!(standing.verdict, Some((Unhealthy, counts)));
    assert_eq!(standing.quarantine, Some(store::QuarantineState::Failed));
}

pub(crate) async fn what_is_shown_ahead_outlives_its_server(
    store: Arc<dyn Store>,
    again: impl FnOnce() -> Arc<dyn Store>,
) {
    let fleet = Fleet::new(store).await;
    fleet.image("app", Healthy, true).await;
    fleet.image("gone", Healthy, true).await;
    fleet.show(&[], None).await;
    let (registry, musl) = (fleet.scene.registry, fleet.musl);
    drop(fleet);
    let fleet = Fleet { scene: Scene { store: again(), registry }, musl };
    assert_eq!((fleet.says("app").await, fleet.flips("app").await), ("Unhealthy Critical=1".into(), 2));
    let gone = fleet.key("gone");
    let _ = fleet
        .scene
        .store
        .delete_manifest(&gone.repository, &gone.digest, &actor(), second(10))
        .await
        .unwrap();
    assert_eq!(fleet.counted().await, BTreeMap::from([(Unhealthy, 2)]));
    fleet.write("app", Unhealthy, 1).await;
    assert_eq!(fleet.flips("app").await, 3);
}
