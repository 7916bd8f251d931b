use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use groundbreak_engine::{Engine, EngineOptions, SimulatedTime};
use groundbreak_workflow::sla::Timestamp;

use crate::directory;

/// An engine on simulated time over a real directory, on which scenarios are played.
pub(crate) struct Stage {
    path: PathBuf,
    time: SimulatedTime,
    engine: Engine,
}

impl Stage {
    /// Opens the directory, made if it is not there, with the time at `start`.
    pub(crate) async fn open(path: &Path, start: Timestamp) -> Result<Self> {
        let time = SimulatedTime::new(start);
        let engine = raise(path, &time).await?;
        Ok(Self {
            path: path.to_owned(),
            time,
            engine,
        })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Lets time pass, firing what falls due on the way.
    pub(crate) async fn advance_to(&self, to: Timestamp) -> Result<()> {
        self.engine.advance_to(to).await?;
        Ok(())
    }

    /// Stops the engine, lets time pass while nothing runs, and starts it again from the
    /// directory.
    pub(crate) async fn restart(&mut self, at: Timestamp) -> Result<()> {
        self.engine.shutdown().await?;
        self.time.set(at);
        self.engine = raise(&self.path, &self.time).await?;
        Ok(())
    }

    pub(crate) async fn close(self) -> Result<()> {
        Ok(self.engine.shutdown().await?)
    }
}

async fn raise(path: &Path, time: &SimulatedTime) -> Result<Engine> {
    let store = directory::create(path)?;
    let options = EngineOptions {
        time: Arc::new(time.clone()),
        ..EngineOptions::default()
    };
    Ok(Engine::open(store, options).await?)
}
