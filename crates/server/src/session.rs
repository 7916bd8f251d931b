use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::accounts::{digest, random_text};

/// How long a session lasts, whatever is done in it.
pub(crate) const SESSION_LENGTH: Duration = Duration::from_secs(12 * 60 * 60);
/// The most sessions at once. When there are more, the one that ends first is ended.
const SESSIONS_MAX: usize = 20_000;

/// Who is signed in on which browser. Kept in memory: whoever restarts the server signs everybody
/// out.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    // Only the digest of a session's secret is kept, so that a picture of the memory opens none.
    open: Mutex<HashMap<[u8; 32], Session>>,
}

#[derive(Clone, Debug)]
struct Session {
    account: String,
    until: Instant,
}

impl Sessions {
    /// Opens a session and returns its secret, for a cookie. A new one each time: a secret that
    /// was planted before the sign-in is worth nothing after it.
    pub(crate) fn open(&self, account: &str, now: Instant) -> Result<String, getrandom::Error> {
        let secret = random_text()?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= SESSIONS_MAX {
            open.retain(|_, session| session.until > now);
        }
        if open.len() >= SESSIONS_MAX
            && let Some(first) = open
                .iter()
                .min_by_key(|(_, session)| session.until)
                .map(|(key, _)| *key)
        {
            open.remove(&first);
        }
        open.insert(
            digest(&secret),
            Session {
                account: account.to_owned(),
                until: now + SESSION_LENGTH,
            },
        );
        Ok(secret)
    }

    /// Returns whose session this is.
    pub(crate) fn account(&self, secret: &str, now: Instant) -> Option<String> {
        let key = digest(secret);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get(&key) {
            Some(session) if session.until > now => Some(session.account.clone()),
            Some(_) => {
                open.remove(&key);
                None
            }
            None => None,
        }
    }

    /// Ends a session.
    pub(crate) fn close(&self, secret: &str) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&digest(secret));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_after_twelve_hours_or_when_it_is_closed() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let secret = sessions.open("lin", now).unwrap();
        assert_eq!(
            sessions
                .account(&secret, now + SESSION_LENGTH - Duration::from_secs(1))
                .as_deref(),
            Some("lin")
        );
        assert_eq!(sessions.account(&secret, now + SESSION_LENGTH), None);
        let secret = sessions.open("lin", now).unwrap();
        sessions.close(&secret);
        assert_eq!(sessions.account(&secret, now), None);
        assert_eq!(sessions.account("planted", now), None);
    }
}
