use serde::{Deserialize, Serialize};

use crate::CaseId;
use crate::general::Relation;

/// What a case is linked to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The other case.
    pub case: CaseId,
    /// The number staff call it by.
    pub number: String,
    /// How.
    pub relation: Relation,
}
