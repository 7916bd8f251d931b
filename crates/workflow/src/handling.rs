//! Who holds a case: its handler and team, delegations, opinions asked for, and who urged it.

use std::collections::{BTreeMap, BTreeSet};

use groundbreak_sla::Timestamp;
use serde::{Deserialize, Serialize};

use crate::case::Stamp;
use crate::general::{GeneralAct, GeneralDone, Person};

/// Who holds a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handling {
    /// The person who holds it, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<Handler>,
    /// Who may act in the holder's place. One whose time is over stays until the next is made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<Delegation>,
    /// The opinions that were asked for and not yet given (加签).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<CoReview>,
    /// How often it was urged on (催办).
    #[serde(default, skip_serializing_if = "is_nought")]
    pub urges: u32,
    /// When each person urged last, by account.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub urged: BTreeMap<String, Timestamp>,
}

/// The person who holds a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    /// Who.
    pub person: Person,
    /// The team it is handled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// Somebody acts in the holder's place for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Whose place it is.
    pub principal: Person,
    /// Who acts.
    pub to: Person,
    /// Until when, that instant not included.
    pub until: Timestamp,
    /// The roles of the principal in which they may act.
    pub roles: BTreeSet<String>,
}

/// An opinion that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoReview {
    /// Who is asked.
    pub of: Person,
    /// Name of who asks.
    pub by: String,
    /// What.
    pub question: String,
    /// Since when.
    pub since: Timestamp,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_nought(number: &u32) -> bool {
    *number == 0
}

impl Handling {
    /// How long a person waits before urging again, in milliseconds: an hour.
    pub const URGE_EVERY_MS: i64 = 3_600_000;

    /// Tells whether nothing of this was ever done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Tells whether this account holds the case.
    pub fn is_held_by(&self, id: &str) -> bool {
        self.handler
            .as_ref()
            .is_some_and(|handler| handler.person.id == id)
    }

    /// Returns the delegations to an account that are in force at an instant.
    pub fn delegated_to<'a>(
        &'a self,
        id: &'a str,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Delegation> {
        self.delegations
            .iter()
            .filter(move |delegation| delegation.to.id == id && now < delegation.until)
    }

    pub(crate) fn fold(&mut self, stamp: &Stamp<'_>, done: &GeneralDone) {
        let at = stamp.effective_at;
        let actor = || Person {
            id: stamp.by.id.clone(),
            name: stamp.by.name.clone(),
        };
        match &done.act {
            GeneralAct::Claim { .. } => self.hand_to(actor(), done, at),
            GeneralAct::Assign { to, .. } | GeneralAct::Transfer { to, .. } => {
                self.hand_to(to.clone(), done, at);
            }
            GeneralAct::Release { .. } => {
                self.handler = None;
                self.delegations.clear();
            }
            GeneralAct::Delegate { to, until, .. } => {
                self.delegations
                    .retain(|delegation| at < delegation.until && delegation.to.id != to.id);
                self.delegations.push(Delegation {
                    principal: actor(),
                    to: to.clone(),
                    until: *until,
                    roles: done.roles.clone(),
                });
            }
            GeneralAct::EndDelegation { to } => {
                self.delegations
                    .retain(|delegation| delegation.to.id != to.id);
            }
            GeneralAct::AskReview { of, question } => self.reviews.push(CoReview {
                of: of.clone(),
                by: stamp.by.name.clone(),
                question: question.clone(),
                since: at,
            }),
            GeneralAct::AnswerReview { .. } => {
                self.reviews.retain(|review| review.of.id != stamp.by.id);
            }
            GeneralAct::Urge { .. } => {
                self.urges = self.urges.saturating_add(1);
                self.urged.insert(stamp.by.id.clone(), at);
            }
            _ => {}
        }
    }

    /// What the former holder let others do ends with their holding it.
    fn hand_to(&mut self, person: Person, done: &GeneralDone, since: Timestamp) {
        self.delegations.clear();
        self.handler = Some(Handler {
            person,
            team: done.team.clone(),
            since,
        });
    }
}
