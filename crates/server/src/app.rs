use std::sync::Arc;

use groundbreak_engine::Engine;
use groundbreak_papers::Papers;
use groundbreak_workflow::{Case, CaseId, District, Measures, Situation, Workflow};
use tokio::sync::Semaphore;

use crate::accounts::Accounts;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::session::Sessions;
use crate::words::Words;

/// How the desk and the API are served.
#[derive(Debug)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Who may sign in.
    pub accounts: Accounts,
    /// Whether everybody who comes is signed in as an example account and may change to any other.
    /// For data that may be thrown away, on this machine only.
    pub demo: bool,
    /// Whether browsers reach the desk over HTTPS alone. The session cookie is then bound to it.
    pub https: bool,
    /// The most streams of live updates at once. Each holds a connection.
    pub streams_max: usize,
    /// Where the content of papers is kept. Without it, only their digests are recorded, and the files stay where
    /// they are.
    pub papers: Option<Papers>,
    /// Measures that the audit pages show, compiled against the workflows of the engine.
    pub measures: Measures,
    /// The register of the district that the audit pages show.
    pub district: Option<District>,
}

impl ServerOptions {
    /// Returns the options for these accounts: no demo, plain HTTP, at most 1 000 streams, no
    /// content of papers, no measures, no register.
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self {
            accounts,
            demo: false,
            https: false,
            streams_max: 1_000,
            papers: None,
            measures: Measures::new(),
            district: None,
        }
    }

    /// Returns the options for a demonstration, with example accounts for these workflows.
    #[must_use]
    pub fn demo<'a>(workflows: impl IntoIterator<Item = &'a Workflow>) -> Self {
        Self {
            demo: true,
            ..Self::new(Accounts::demo(workflows))
        }
    }
}

/// What every page and every call needs.
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) sessions: Sessions,
    pub(crate) demo: bool,
    pub(crate) https: bool,
    pub(crate) papers: Option<Papers>,
    pub(crate) measures: Measures,
    pub(crate) district: Option<Arc<District>>,
    /// One permit for a stream of live updates.
    pub(crate) streams: Arc<Semaphore>,
    /// One permit for a password being checked: each takes 19 MiB and a core for a while.
    pub(crate) hashing: Arc<Semaphore>,
    /// One permit for a sign-in under way, those that wait for a core included.
    pub(crate) sign_ins: Arc<Semaphore>,
}

/// Passwords checked at once.
const HASHING_MAX: usize = 2;
/// Sign-ins under way at once; the next one is turned away.
const SIGN_INS_MAX: usize = 32;

impl App {
    pub(crate) fn new(engine: Engine, options: ServerOptions) -> Self {
        Self {
            engine,
            accounts: Arc::new(options.accounts),
            sessions: Sessions::default(),
            demo: options.demo,
            https: options.https,
            papers: options.papers,
            measures: options.measures,
            district: options.district.map(Arc::new),
            streams: Arc::new(Semaphore::new(
                options.streams_max.min(Semaphore::MAX_PERMITS),
            )),
            hashing: Arc::new(Semaphore::new(HASHING_MAX)),
            sign_ins: Arc::new(Semaphore::new(SIGN_INS_MAX)),
        }
    }

    /// Finds a case by its number or its id.
    pub(crate) async fn find(&self, asked: &str) -> Result<CaseId, Problem> {
        let id = match asked.parse::<CaseId>() {
            Ok(id) => Some(id),
            Err(_) => self.engine.find_number(asked).await?,
        };
        id.ok_or_else(|| Problem::no_such_case(asked))
    }

    /// Opens a case by its number or its id.
    pub(crate) async fn open(&self, asked: &str, words: Words) -> Result<OpenCase, Problem> {
        self.open_id(self.find(asked).await?, words).await
    }

    /// Opens a case by its id.
    pub(crate) async fn open_id(&self, id: CaseId, words: Words) -> Result<OpenCase, Problem> {
        let case = self
            .engine
            .case(id)
            .await?
            .ok_or_else(|| Problem::no_such_case(&id.to_string()))?;
        let workflow = self.engine.workflow(&case.workflow, Some(case.version))?;
        // The time of a case does not step back with the machine's.
        let now = self.engine.now().max(case.effective_at);
        let situation = workflow
            .situation(&case, now)
            .map_err(|stuck| Problem::failed(&stuck))?;
        let at = Moment {
            words,
            now,
            zone: workflow.calendar.tz(),
        };
        Ok(OpenCase {
            case,
            workflow,
            situation,
            at,
        })
    }
}

/// A case, its workflow, and how it stands now.
pub(crate) struct OpenCase {
    pub(crate) case: Arc<Case>,
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) situation: Situation,
    pub(crate) at: Moment,
}
