use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::figures::{Times, per_second};

/// How long clients run before anything counts.
const WARM_UP: Duration = Duration::from_millis(500);

/// Who sends the next command when the one before is answered.
pub(super) trait Client: Send + 'static {
    /// Sends the next command and waits for its answer. Returns whether it is one that counts.
    fn next(&mut self) -> impl Future<Output = Result<bool>> + Send;
}

/// What came of the commands of all clients.
pub(super) struct Measured {
    pub(super) per_second: u64,
    pub(super) times: Times,
}

/// Lets each client run, all at once, and measures the commands that begin after the warm-up and end
/// within `window`.
pub(super) async fn measure<C: Client>(clients: Vec<C>, window: Duration) -> Result<Measured> {
    let over = Arc::new(AtomicBool::new(false));
    let begun = Instant::now() + WARM_UP;
    let running: Vec<_> = clients
        .into_iter()
        .map(|client| tokio::spawn(run(client, begun, Arc::clone(&over))))
        .collect();
    tokio::time::sleep(WARM_UP + window).await;
    over.store(true, Ordering::Relaxed);
    let elapsed = begun.elapsed();
    let mut times = Vec::new();
    for client in running {
        times.extend(client.await.context("a client ended early")??);
    }
    Ok(Measured {
        per_second: per_second(times.len() as u64, elapsed),
        times: Times::new(times),
    })
}

/// Lets a client run until `over`. Returns how long the commands took that began after `begun`.
pub(super) async fn run(
    mut client: impl Client,
    begun: Instant,
    over: Arc<AtomicBool>,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    loop {
        let sent = Instant::now();
        let counts = client.next().await?;
        if over.load(Ordering::Relaxed) {
            return Ok(times);
        }
        if counts && sent >= begun {
            times.push(sent.elapsed());
        }
    }
}
