//! From a configuration to a running server: everything is opened, wired and started here.

use crate::address::{bind, names, public_url};
use crate::advisories::{Shelf, ShelfError};
use crate::api::ApiState;
use crate::authority::Authority;
use crate::digests::{self, Postman};
use crate::exports::Exports;
use crate::hosts::{self, Hosts};
use crate::inspect::Inspector;
use crate::installation::{self, InstallationError, Opened, random};
use crate::jobs::collect::Collections;
use crate::jobs::read_ahead::{self, Arrivals};
use crate::jobs::{self, Readers, Workshop};
use crate::keys::Keys;
use crate::mail::{MailError, Mailer};
use crate::operations::OperationsState;
use crate::providers::{ProvidedRoles, ProviderSettings, Providers};
use crate::registry_account::RegistryAccount;
use crate::sender::{Reach, Sender, TransportError};
use crate::settled::{self, SettledGate};
use crate::sign_in::SignIn;
use crate::tls::{self, TlsError};
use crate::traffic::{self, Traffic};
use crate::vex::{self, Trust, TrustError};
use crate::webhooks::{self, Courier};
use crate::{Configuration, Tls, api, audit, keys, listener, occupancy, operations};
use access::{RateLimiter, RatePolicy};
use assessment::plan::Price;
use axum::Router;
use axum::middleware::from_fn_with_state;
use graph::settlement::Settlement;
use jiff::{SignedDuration, Timestamp};
use registry::{PolicyGate, RegistryState, Site};
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use store::{Blobs, Holder, Installation, Occupancy, OccupancyError, SqliteStore, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("the data folder {path} cannot be used; check that it exists and may be written")]
    Data {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another server uses the data folder.
    #[error("another server uses the data folder {0}; stop it, or choose another folder with --data")]
    InUse(PathBuf),
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on; is another program using it?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The records cannot be opened.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The blobs cannot be opened.
    #[error(transparent)]
    Blobs(#[from] store::BlobError),
    /// Somebody else uses the storage of blobs.
    #[error(transparent)]
    Occupied(#[from] OccupancyError),
    /// The installation cannot be made or found.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// There is no certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The advisories cannot be opened.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// Mail cannot be sent as it is configured.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Nothing can be sent.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A key cannot be trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// A running server.
pub struct Running {
    url: String,
    ready_line: String,
    new_password: Option<String>,
    authority: Option<PathBuf>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    store: Arc<dyn Store>,
    _lock: File,
}

impl Running {
    /// The address that clients see.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The line that programs wait for.
    pub fn ready_line(&self) -> &str {
        &self.ready_line
    }

    /// The owner's password, if it was made up at this start.
    pub fn new_password(&self) -> Option<&str> {
        self.new_password.as_deref()
    }

    /// The certificate that clients must trust, if it is our own.
    pub fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// The records, for programs that have the server in them.
    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// Lets running requests finish for some seconds, and ends.
    pub async fn stop(mut self) {
        // Nobody left to tell is fine too.
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts a server. When it returns, clients can connect.
///
/// # Errors
/// One sentence that says what is wrong and what to do.
pub async fn start(configuration: Configuration) -> Result<Running, StartError> {
    let lock = crate::folder_lock::lock(&configuration.data).await?;
    let trust = Trust::open(&configuration.vex_keys)?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&configuration.database)?);
    let opened_blobs = configuration.blobs.open(store.clone(), &configuration.data).await?;
    let (socket, address) = bind(configuration.listen).await?;
    let url = public_url(&configuration, address);
    let login_server = url.split_once("://").map_or(&*url, |(_, host)| host).to_owned();
    let suffix = hosts::suffix(&login_server);
    let opened = installation::open(&*store, &configuration, &login_server, Timestamp::now()).await?;
    let occupancy = occupancy::take(opened_blobs.objects, &opened.installation, &configuration.data).await?;
    let identity = identity(&configuration, &login_server, &suffix)?;
    store.set_registry_suffix(&suffix).await?;
    let shelf = Arc::new(Shelf::open(&configuration.data.join("advisories"))?);
    let (changes, changed) = watch::channel(0);
    let settlement = Arc::new(Settlement::new(store.clone()));
    let arrivals = Arc::<Arrivals>::default();
    let mailer = Mailer::new(&configuration.mail, configuration.outbound_authorities.as_deref())?;
    let parts = Parts {
        store,
        blobs: opened_blobs.blobs,
        shelf,
        opened,
        url: url.clone(),
        suffix: suffix.into(),
        secure: configuration.tls != Tls::Off,
        settlement: settlement.clone(),
        price: configuration.price.clone(),
        advisory_age_limit: SignedDuration::try_from(configuration.advisory_age_limit)
            .unwrap_or(SignedDuration::MAX),
        arrivals: arrivals.clone(),
        rates: configuration.rates,
        reach: Arc::new(configuration.outbound.clone()),
        sends_mail: mailer.is_some(),
        providers: configuration.identity_providers.clone(),
        sender: Sender::new(Arc::new(configuration.outbound.clone()))?,
    };
    let (stop, stopped) = watch::channel(false);
    let (router, collections, registry) = parts.router(changed, stopped.clone(), occupancy.clone())?;
    let workshop = workshop(&configuration, &parts, registry, changes)?;
    let mut tasks = JoinSet::new();
    start_workers(&mut tasks, &workshop, &arrivals, configuration.workers, &stopped).await?;
    start_storekeepers(&mut tasks, collections, occupancy, &stopped);
    tasks.spawn(settled::keep_settled(settlement, stopped.clone()));
    tasks.spawn(vex::keep_reading(workshop.clone(), trust, stopped.clone()));
    start_keepers(&mut tasks, &configuration, workshop, parts.opened.keys.clone(), mailer, &stopped);
    let (config, authority) =
        identity.map_or((None, None), |identity| (Some(identity.config), identity.authority));
    tasks.spawn(listener::serve(socket, config, router, configuration.patience, stopped));
    Ok(Running {
        ready_line: ready_line(&url, &parts.opened.installation),
        url,
        new_password: parts.opened.new_password,
        authority,
        stop,
        tasks,
        store: parts.store,
        _lock: lock,
    })
}

/// How the listener proves who it is, if it does.
fn identity(
    configuration: &Configuration,
    login_server: &str,
    suffix: &str,
) -> Result<Option<tls::Identity>, TlsError> {
    let Configuration { tls, data, .. } = configuration;
    tls::identity(tls, data, names(login_server), suffix, SystemTime::now())
}

/// The line that programs wait for.
fn ready_line(url: &str, installation: &Installation) -> String {
    format!(
        "lazaretto ready url={url} subscription={} tenant={} registry={}",
        installation.subscription, installation.tenant, installation.registry
    )
}

/// What the jobs work with.
fn workshop(
    configuration: &Configuration,
    parts: &Parts,
    registry: RegistryState,
    changes: watch::Sender<u64>,
) -> Result<Arc<Workshop>, TransportError> {
    let inspector = Inspector {
        program: configuration.program.clone(),
        // Beside the blobs there is room for the largest file of a layer; temporary folders are often in memory.
        scratch: Some(configuration.data.clone()),
        ..Inspector::new(configuration.jail)
    }
    .with_antechamber(WAITING_WORKERS);
    let reach = parts.reach.clone();
    Ok(Arc::new(Workshop {
        store: parts.store.clone(),
        blobs: parts.blobs.clone(),
        inspector,
        readers: Readers::new(configuration.workers),
        errands: Readers::new(ERRANDS_AT_A_TIME),
        scratch: configuration.data.clone(),
        shelf: parts.shelf.clone(),
        advisory_age_limit: parts.advisory_age_limit,
        flip_limit: configuration.flip_limit,
        changes,
        sender: Sender::new(reach.clone())?.trusting(configuration.outbound_authorities.clone()),
        exports: Exports::new(configuration.data.join("exports")),
        reach,
        registry: Some(registry),
        url: parts.url.clone(),
    }))
}

/// Whoever looks after the blobs.
fn start_storekeepers(
    tasks: &mut JoinSet<()>,
    collections: Arc<Collections>,
    occupancy: Option<Arc<Occupancy>>,
    stopped: &watch::Receiver<bool>,
) {
    tasks.spawn(collections.keep_collecting());
    if let Some(occupancy) = occupancy {
        tasks.spawn(occupancy::keep(occupancy, stopped.clone()));
    }
}

/// Whatever is done again and again beside the jobs.
fn start_keepers(
    tasks: &mut JoinSet<()>,
    configuration: &Configuration,
    workshop: Arc<Workshop>,
    keys: Arc<Keys>,
    mailer: Option<Mailer>,
    stopped: &watch::Receiver<bool>,
) {
    let store = workshop.store.clone();
    if let Some(mailer) = mailer {
        let postman = Postman { store: store.clone(), mailer, url: workshop.url.clone() };
        tasks.spawn(digests::keep_sending(postman, stopped.clone()));
    }
    let courier = Courier { store: store.clone(), sender: workshop.sender.clone(), retry: webhooks::RETRY };
    tasks.spawn(webhooks::keep_delivering(courier, stopped.clone()));
    tasks.spawn(jobs::collect::keep_forgetting(store.clone(), stopped.clone()));
    tasks.spawn(crate::attached::keep_polling(store.clone(), stopped.clone()));
    tasks.spawn(crate::transients::keep_forgetting(store.clone(), stopped.clone()));
    tasks.spawn(keys::keep(keys, store, stopped.clone()));
    if let Some(every) = configuration.update_every {
        let list = configuration.sources.clone();
        let inspector = workshop.inspector.clone();
        let shelf = workshop.shelf.clone();
        tasks.spawn(crate::advisories::keep_updating(shelf, list, inspector, every, stopped.clone()));
    }
    tasks.spawn(jobs::reevaluate::watch_shelf(workshop, stopped.clone()));
}

/// So many jailed workers wait for layers after a push: as many as a usual image has layers. Each has some 150 kB of its own.
const WAITING_WORKERS: usize = 8;
/// So many images are copied from elsewhere at the same time.
const TRANSFERS_AT_A_TIME: usize = 2;
/// So many registries elsewhere are asked at the same time, and so many layers fetched.
const ERRANDS_AT_A_TIME: usize = 4;

async fn start_workers(
    tasks: &mut JoinSet<()>,
    workshop: &Arc<Workshop>,
    arrivals: &Arc<Arrivals>,
    workers: usize,
    stopped: &watch::Receiver<bool>,
) -> Result<(), StartError> {
    // The data folder is locked, so that whoever held jobs under these names is gone: their jobs run again at once.
    for number in 0..workers.max(64) {
        workshop.store.release_holder(&holder(number), Timestamp::now()).await?;
    }
    for number in 0..workers {
        tasks.spawn(jobs::work(workshop.clone(), jobs::JOBS, holder(number), stopped.clone()));
        tasks.spawn(read_ahead::keep_reading(workshop.clone(), arrivals.clone(), stopped.clone()));
    }
    let others =
        [("transfer", TRANSFERS_AT_A_TIME, jobs::TRANSFERS), ("errand", ERRANDS_AT_A_TIME, jobs::ERRANDS)];
    for (word, many, kinds) in others {
        for number in 0..many {
            let holder = Holder(format!("{word}-{number}"));
            workshop.store.release_holder(&holder, Timestamp::now()).await?;
            tasks.spawn(jobs::work(workshop.clone(), kinds, holder, stopped.clone()));
        }
    }
    Ok(())
}

fn holder(number: usize) -> Holder {
    Holder(format!("embedded-{number}"))
}

/// What the faces are made of.
struct Parts {
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    shelf: Arc<Shelf>,
    opened: Opened,
    url: String,
    /// The domain of registries that are created later.
    suffix: Arc<str>,
    secure: bool,
    settlement: Arc<Settlement>,
    price: Option<Price>,
    rates: Option<RatePolicy>,
    sends_mail: bool,
    advisory_age_limit: SignedDuration,
    arrivals: Arc<Arrivals>,
    reach: Arc<Reach>,
    /// Others who say who a visitor is.
    providers: Vec<ProviderSettings>,
    /// Asks them.
    sender: Sender,
}

impl Parts {
    /// All faces under one address, each with its own paths, and the collection of what they leave behind.
    fn router(
        &self,
        changes: watch::Receiver<u64>,
        stopped: watch::Receiver<bool>,
        occupancy: Option<Arc<Occupancy>>,
    ) -> Result<(Router, Arc<Collections>, RegistryState), StartError> {
        let authority = Arc::new(self.authority()?);
        let identity_issuer = authority.identity_issuer.clone();
        let contents = self.registry(authority.clone());
        let collections = Arc::new(Collections::new(contents.clone(), occupancy, stopped));
        let api = api::router(ApiState {
            collections: collections.clone(),
            store: self.store.clone(),
            sign_in: authority.sign_in.clone(),
            keys: self.opened.keys.clone(),
            issuer: identity_issuer.clone(),
            audiences: authority.identity_audiences.clone(),
            registry: self.opened.registry.id,
            shelf: self.shelf.clone(),
            price: self.price.clone(),
            advisory_age_limit: self.advisory_age_limit,
            site: self.site(),
            contents: contents.clone(),
            changes,
            reach: self.reach.clone(),
            followers: api::events::Followers::default(),
        });
        let traffic = Arc::new(Traffic::default());
        let operations = operations::router(OperationsState {
            store: self.store.clone(),
            shelf: self.shelf.clone(),
            advisory_age_limit: self.advisory_age_limit,
            traffic: traffic.clone(),
            began: Timestamp::now(),
        });
        let arm = arm::router(arm::ArmState {
            store: self.store.clone(),
            entrance: authority.clone(),
            seal: self.opened.seal.clone(),
            desk: Arc::default(),
            url: self.url.as_str().into(),
            issuer: identity_issuer,
            installation: Arc::new(self.opened.installation.clone()),
            registry_suffix: self.suffix.clone(),
            scan_plan: installation::SCAN_PLAN,
            sends_mail: self.sends_mail,
            rates: self.rates.map(|policy| Arc::new(Mutex::new(RateLimiter::new(policy)))),
            clock: moment,
        });
        // Whoever reads verdicts reads what the rules in force make of them.
        let reading = api.merge(operations).merge(self.portal(authority)).merge(arm);
        let reading = reading.layer(from_fn_with_state(self.settlement.clone(), settled::settle_first));
        let router = registry::router(contents.clone()).merge(reading);
        let router = router.layer(from_fn_with_state(self.store.clone(), audit::record));
        Ok((router.layer(from_fn_with_state(traffic, traffic::count)), collections, contents))
    }

    fn portal(&self, authority: Arc<Authority>) -> Router {
        let shelf = self.shelf.clone();
        let providers = Providers::new(
            self.providers.clone(),
            self.store.clone(),
            authority.sign_in.clone(),
            self.sender.clone(),
            self.url.clone(),
        );
        portal::router(portal::PortalState {
            store: self.store.clone(),
            entrance: authority,
            providers: Arc::new(providers),
            url: self.url.as_str().into(),
            seal: self.opened.seal.clone(),
            secure: self.secure,
            tenant: self.opened.installation.tenant.0,
            price: self.price.clone(),
            scan_plan: installation::SCAN_PLAN,
            advisories: Arc::new(move || {
                crate::advisories::in_words(shelf.current().as_deref(), Timestamp::now())
            }),
        })
    }

    fn authority(&self) -> Result<Authority, StartError> {
        let tenant = self.opened.installation.tenant;
        Ok(Authority {
            sign_in: Arc::new(
                SignIn::new(self.store.clone(), random()?).with_provided(ProvidedRoles::new(&self.providers)),
            ),
            keys: self.opened.keys.clone(),
            accounts: RegistryAccount { store: self.store.clone(), seal: self.opened.seal.clone() },
            tenant: tenant.0,
            identity_issuer: format!("{}/{tenant}/", self.url).into(),
            identity_audiences: vec![self.url.clone(), format!("{}/", self.url)].into(),
            directory_audience: format!("{}/graph", self.url).into(),
        })
    }

    fn site(&self) -> Arc<Site> {
        Arc::new(Site { registry: self.opened.registry.clone(), base_url: self.url.clone() })
    }

    fn registry(&self, authority: Arc<Authority>) -> RegistryState {
        let directory = Arc::new(Hosts {
            store: self.store.clone(),
            first: self.site(),
            suffix: self.suffix.clone(),
            scheme: if self.secure { "https" } else { "http" },
        });
        let mut state =
            RegistryState::new(self.store.clone(), self.blobs.clone(), authority.clone(), directory);
        let gate = PolicyGate::new(self.store.clone(), authority, state.clock.clone());
        state.gate = Arc::new(SettledGate { gate, settlement: self.settlement.clone() });
        state.after_push = Arc::new(jobs::assess::after_push);
        state.rates = self.rates.map(|policy| Arc::new(Mutex::new(RateLimiter::new(policy))));
        let arrivals = self.arrivals.clone();
        state.after_blob = Arc::new(move |blob| arrivals.note(blob));
        state
    }
}

/// The time as the records keep it: what is answered at once says the same as what is read later.
fn moment() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}
