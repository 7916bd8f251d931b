//! Serves the desk until the process is told to stop.

use std::future::IntoFuture;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use groundbreak_engine::Engine;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::archiving::Archiving;
use crate::signing::Signing;

/// How long requests under way may take to end. Streams of live updates never end by themselves.
const GRACE: Duration = Duration::from_secs(3);

/// What tells the process to stop: Ctrl-C, or SIGTERM from whoever runs it as a service.
pub(crate) struct StopSignal {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl StopSignal {
    /// Begins to listen. From now on the signals no longer end the process by themselves; one that
    /// comes before anybody waits is not lost.
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).context("signals cannot be listened to");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Begins to listen when it is waited for.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> Result<Self> {
        Ok(Self {})
    }

    /// Waits until the process is told to stop.
    pub(crate) async fn wait(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Serves until told to stop, lets requests under way end, archives and
/// signs what they did, and shuts the engine down in order.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    engine: Engine,
    archiving: Option<Archiving>,
    signing: Option<Signing>,
    mut stop: StopSignal,
) -> Result<()> {
    let (stopping, mut stopped) = watch::channel(false);
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    });
    let mut serving = tokio::spawn(serving.into_future());
    tokio::select! {
        () = stop.wait() => {
            stopping.send_replace(true);
            // What has not ended by then is cut off.
            if let Ok(ended) = tokio::time::timeout(GRACE, &mut serving).await {
                ended.context("the server ended early")?.context("the server failed")?;
            } else {
                serving.abort();
            }
        }
        ended = &mut serving => ended.context("the server ended early")?.context("the server failed")?,
    }
    if let Some(archiving) = archiving {
        archiving.end().await;
    }
    if let Some(signing) = signing {
        signing.end().await;
    }
    engine
        .shutdown()
        .await
        .context("the store was not closed in order; what was acknowledged is durable")?;
    Ok(())
}

/// Writes what the program has to say of itself to standard error, as much as `RUST_LOG` asks for;
/// warnings and errors when it asks for nothing.
pub(crate) fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // Another subscriber is there only in tests.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
