use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use groundbreak_workflow::{Actor, Language, Text, Workflow};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// The most accounts a file may hold.
pub const ACCOUNTS_MAX: usize = 10_000;
/// The shortest password that is taken, in characters.
pub const PASSWORD_LENGTH_MIN: usize = 12;
/// The longest password that is looked at, in bytes.
pub const PASSWORD_LENGTH_MAX: usize = 256;
/// The hash of no password anybody knows, with the parameters of [`hash_password`]: what is checked
/// for an account that does not exist.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Z3JvdW5kYnJlYWstbm9ib2R5$ElMyZfBHzcWmTm5YpOyhFFIGHl7xFxyZtZkEjHOWIhs";
/// Fixed text before the secret of a token, so that a token found in a log is recognised as one.
const TOKEN_PREFIX: &str = "gb_";

/// Who may sign in, and in which roles they act.
///
/// Read from a JSON file that an administrator keeps:
///
/// ```
/// # use groundbreak_server::Accounts;
/// let accounts = Accounts::read(r#"[
///     { "id": "lin", "name": "示例·窗口员", "roles": ["window_clerk"], "department": "综合窗口" }
/// ]"#)?;
/// assert_eq!(accounts.len(), 1);
/// # Ok::<(), groundbreak_server::AccountsError>(())
/// ```
#[derive(Debug, Default)]
pub struct Accounts {
    by_id: BTreeMap<String, Arc<Account>>,
    order: Vec<String>,
    tokens: Vec<([u8; 32], Arc<Account>)>,
}

/// One account.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Stable identifier, at most [`Actor::ID_LENGTH_MAX`] bytes; what the journal keeps.
    pub id: String,
    /// Name, as screens and the journal show it.
    pub name: String,
    /// Name on English screens, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// Roles, by the names that workflows use.
    #[serde(default)]
    pub roles: BTreeSet<String>,
    /// Department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Password, as [`hash_password`] writes it. Without one, nobody signs in on the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// SHA-256 of the API token, 64 hexadecimal digits, as [`ApiToken::create`] writes it. Without
    /// one, the API knows nobody by this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_sha256: Option<String>,
}

/// Secrets are not written into logs, hashed ones neither.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("roles", &self.roles)
            .field("department", &self.department)
            .finish_non_exhaustive()
    }
}

/// Why a file of accounts was not taken. None of it is in force then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// It is not JSON, or not of the form.
    #[error("the accounts are not a JSON list of {{\"id\", \"name\", \"roles\", …}}: {source}")]
    Form {
        /// Where, and what was expected.
        #[source]
        source: serde_json::Error,
    },
    /// There are more than [`ACCOUNTS_MAX`].
    #[error("there are {count} accounts; at most {ACCOUNTS_MAX} are taken")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// An identifier is empty, too long, reserved, or holds other than letters, digits and `-_.@`.
    #[error("account \"{id}\": an id has 1 to 64 letters, digits or -_.@ and is not \"clock\"")]
    Id {
        /// The identifier.
        id: String,
    },
    /// Two accounts have the same identifier.
    #[error("account \"{id}\" is there twice")]
    Twice {
        /// The identifier.
        id: String,
    },
    /// A name is empty or longer than 100 characters.
    #[error("account \"{id}\": a name has 1 to 100 characters")]
    Name {
        /// The identifier.
        id: String,
    },
    /// A password is not a hash that [`hash_password`] writes.
    #[error(
        "account \"{id}\": `password` must be an argon2id hash ($argon2id$v=19$…); create it with `groundbreak user add`"
    )]
    Password {
        /// The identifier.
        id: String,
    },
    /// A token's digest is not one.
    #[error(
        "account \"{id}\": `token_sha256` must be 64 hexadecimal digits; create it with `groundbreak user add`"
    )]
    Token {
        /// The identifier.
        id: String,
    },
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It is shorter than [`PASSWORD_LENGTH_MIN`] characters.
    #[error("a password has at least {PASSWORD_LENGTH_MIN} characters")]
    TooShort,
    /// It is longer than [`PASSWORD_LENGTH_MAX`] bytes.
    #[error("a password has at most {PASSWORD_LENGTH_MAX} bytes")]
    TooLong,
    /// The machine gave no random numbers, or no memory.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// Hashes a password for [`Account::password`]: argon2id with the parameters recommended by its
/// authors, a salt of its own, written as a PHC string.
///
/// # Errors
///
/// [`PasswordError`], by what is wrong with the password or the machine.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < PASSWORD_LENGTH_MIN {
        return Err(PasswordError::TooShort);
    }
    if password.len() > PASSWORD_LENGTH_MAX {
        return Err(PasswordError::TooLong);
    }
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|error| PasswordError::Failed(error.to_string()))
}

/// A new token for the API.
#[derive(Clone)]
pub struct ApiToken {
    /// What the client sends as `Authorization: Bearer …`. Shown once, kept nowhere.
    pub secret: String,
    /// What is kept, in [`Account::token_sha256`].
    pub sha256: String,
}

impl ApiToken {
    /// Creates a token of 256 random bits.
    ///
    /// # Errors
    ///
    /// The machine gave no random numbers.
    pub fn create() -> Result<Self, getrandom::Error> {
        let secret = format!("{TOKEN_PREFIX}{}", random_text()?);
        let sha256 = hexadecimal(&digest(&secret));
        Ok(Self { secret, sha256 })
    }
}

impl Accounts {
    /// Reads accounts from JSON.
    ///
    /// # Errors
    ///
    /// [`AccountsError`], by the first thing that is wrong.
    pub fn read(json: &str) -> Result<Self, AccountsError> {
        let accounts: Vec<Account> =
            serde_json::from_str(json).map_err(|source| AccountsError::Form { source })?;
        Self::of(accounts)
    }

    /// Takes these accounts.
    ///
    /// # Errors
    ///
    /// [`AccountsError`], by the first thing that is wrong.
    pub fn of(accounts: Vec<Account>) -> Result<Self, AccountsError> {
        if accounts.len() > ACCOUNTS_MAX {
            return Err(AccountsError::TooMany {
                count: accounts.len(),
            });
        }
        let mut taken = Self::default();
        for account in accounts {
            let token = check(&account)?;
            let account = Arc::new(account);
            if taken
                .by_id
                .insert(account.id.clone(), Arc::clone(&account))
                .is_some()
            {
                return Err(AccountsError::Twice {
                    id: account.id.clone(),
                });
            }
            taken.order.push(account.id.clone());
            taken.tokens.extend(token.map(|token| (token, account)));
        }
        Ok(taken)
    }

    /// Returns invented accounts, one for each role of these workflows, plainly marked as examples.
    ///
    /// Each has an API token that is no secret, `demo-` and the role. They are for trying the desk
    /// on data that may be thrown away, and for nothing else.
    pub fn demo<'a>(workflows: impl IntoIterator<Item = &'a Workflow>) -> Self {
        let mut roles: Vec<(String, Text)> = Vec::new();
        for workflow in workflows {
            for (name, role) in &workflow.roles {
                if !roles.iter().any(|(known, _)| known == name) {
                    roles.push((name.clone(), role.title.clone()));
                }
            }
        }
        // Whoever accompanies a project sees all of it, so the visitor begins as the agent.
        roles.sort_by_key(|(name, _)| name != "agent_officer");
        let accounts = roles
            .into_iter()
            .map(|(role, title)| Account {
                id: format!("demo-{role}"),
                name: format!("示例·{}", title.zh),
                name_en: Some(format!("Demo {}", lower_first(&title.en))),
                token_sha256: Some(hexadecimal(&digest(&format!("demo-{role}")))),
                roles: BTreeSet::from([role]),
                department: None,
                password: None,
            })
            .collect();
        // Names of roles are checked when a workflow is compiled, and are shorter than ids may be
        // in every definition of ours; one that is not gets no demo account.
        Self::of(accounts).unwrap_or_default()
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Returns an account.
    pub fn get(&self, id: &str) -> Option<&Arc<Account>> {
        self.by_id.get(id)
    }

    /// Returns the accounts in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.order.iter().filter_map(|id| self.by_id.get(id))
    }

    /// Returns whose token this is. Every token on file is compared, each in constant time, so
    /// that the time taken tells nothing about them.
    pub(crate) fn by_token(&self, secret: &str) -> Option<&Arc<Account>> {
        let offered = digest(secret);
        let mut found = u32::MAX;
        for (index, (token, _)) in (0_u32..).zip(&self.tokens) {
            let same: Choice = token.ct_eq(&offered);
            found.conditional_assign(&index, same);
        }
        self.tokens
            .get(usize::try_from(found).ok()?)
            .map(|(_, account)| account)
    }

    /// Returns the account if the password is its own. Takes as long for an account that does not
    /// exist, or has no password. Blocks for tens of milliseconds: not for an async task.
    pub(crate) fn by_password(&self, id: &str, password: &str) -> Option<Arc<Account>> {
        let account = self.by_id.get(id);
        let known = account.and_then(|account| account.password.as_deref());
        if password.len() > PASSWORD_LENGTH_MAX {
            return None;
        }
        let hash = PasswordHash::new(known.unwrap_or(NOBODY)).ok()?;
        let verified = Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok();
        account.filter(|_| verified && known.is_some()).cloned()
    }

    /// Returns the name in this language of whoever has this name. Where only a name was recorded.
    pub(crate) fn name_as_recorded<'a>(&'a self, recorded: &'a str, language: Language) -> &'a str {
        let account = self.iter().find(|account| account.name == recorded);
        account.map_or(recorded, |account| account.name_in(language))
    }

    /// Returns a name as it is shown in this language; `recorded` when the account is gone.
    pub(crate) fn name_of<'a>(
        &'a self,
        id: &str,
        recorded: &'a str,
        language: Language,
    ) -> &'a str {
        self.by_id
            .get(id)
            .map_or(recorded, |account| account.name_in(language))
    }
}

impl Account {
    /// Returns the account as somebody who gives commands.
    pub fn actor(&self) -> Actor {
        Actor {
            id: self.id.clone(),
            name: self.name.clone(),
            roles: self.roles.clone(),
            department: self.department.clone(),
        }
    }

    /// Returns the name on screens in this language.
    pub fn name_in(&self, language: Language) -> &str {
        match (language, &self.name_en) {
            (Language::En, Some(name)) => name,
            _ => &self.name,
        }
    }
}

/// Checks one account, and returns the digest of its token.
fn check(account: &Account) -> Result<Option<[u8; 32]>, AccountsError> {
    let id = account.id.clone();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if id.is_empty()
        || id.len() > Actor::ID_LENGTH_MAX
        || id == Actor::CLOCK_ID
        || !id.chars().all(fits)
    {
        return Err(AccountsError::Id { id });
    }
    let names = [Some(&account.name), account.name_en.as_ref()];
    if names
        .into_iter()
        .flatten()
        .any(|name| name.trim().is_empty() || name.chars().count() > 100)
    {
        return Err(AccountsError::Name { id });
    }
    if let Some(password) = &account.password {
        let hash = PasswordHash::new(password)
            .ok()
            .filter(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some());
        if hash.is_none() {
            return Err(AccountsError::Password { id });
        }
    }
    account
        .token_sha256
        .as_deref()
        .map(|text| bytes_of(text).ok_or(AccountsError::Token { id }))
        .transpose()
}

/// Returns 256 random bits as text for a cookie or a header.
pub(crate) fn random_text() -> Result<String, getrandom::Error> {
    use base64::Engine as _;
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Returns the SHA-256 of a secret: what is kept of it.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Returns bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| {
            [
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]
        })
        .map(char::from)
        .collect()
}

fn bytes_of(hexadecimal: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = hexadecimal
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let mut bytes = [0_u8; 32];
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Some(bytes)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    // `EIA officer` keeps its capitals.
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> Account {
        Account {
            id: id.into(),
            name: "示例".into(),
            name_en: None,
            roles: BTreeSet::new(),
            department: None,
            password: None,
            token_sha256: None,
        }
    }

    #[test]
    fn a_password_opens_its_own_account_and_no_other() {
        let mut lin = account("lin");
        lin.password = Some(hash_password("correct horse battery").unwrap());
        let accounts = Accounts::of(vec![lin, account("he")]).unwrap();
        let rows = [
            ("lin", "correct horse battery", true),
            ("lin", "correct horse", false),
            ("lin", "", false),
            ("he", "correct horse battery", false),
            ("nobody", "correct horse battery", false),
        ];
        for (id, password, opens) in rows {
            assert_eq!(
                accounts.by_password(id, password).is_some(),
                opens,
                "{id} {password}"
            );
        }
    }

    #[test]
    fn a_token_finds_its_account_and_is_not_kept() {
        let token = ApiToken::create().unwrap();
        let mut lin = account("lin");
        lin.token_sha256 = Some(token.sha256.clone());
        let accounts = Accounts::of(vec![account("he"), lin]).unwrap();
        assert_eq!(accounts.by_token(&token.secret).unwrap().id, "lin");
        assert!(accounts.by_token("gb_other").is_none());
        assert!(accounts.by_token(&token.sha256).is_none());
        assert!(!format!("{accounts:?}").contains(&token.sha256));
    }

    #[test]
    fn a_file_with_a_fault_is_refused_whole_and_the_fault_is_named() {
        let rows = [
            (r#"{"id":"a"}"#, "JSON list"),
            (r#"[{"id":"a"}]"#, "missing field `name`"),
            (
                r#"[{"id":"a","name":"甲","colour":"red"}]"#,
                "unknown field `colour`",
            ),
            (r#"[{"id":"","name":"甲"}]"#, "an id has"),
            (r#"[{"id":"clock","name":"甲"}]"#, "an id has"),
            (r#"[{"id":"a b","name":"甲"}]"#, "an id has"),
            (r#"[{"id":"a","name":" "}]"#, "a name has"),
            (
                r#"[{"id":"a","name":"甲"},{"id":"a","name":"乙"}]"#,
                "twice",
            ),
            (
                r#"[{"id":"a","name":"甲","password":"secret"}]"#,
                "argon2id",
            ),
            (
                r#"[{"id":"a","name":"甲","token_sha256":"12"}]"#,
                "64 hexadecimal digits",
            ),
        ];
        for (json, said) in rows {
            let error = Accounts::read(json).unwrap_err().to_string();
            assert!(error.contains(said), "{json}: {error}");
        }
    }

    #[test]
    fn an_account_that_does_not_exist_costs_as_much_as_one_that_does() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let written = hash_password("correct horse battery").unwrap();
        let written = PasswordHash::new(&written).unwrap();
        assert_eq!(nobody.algorithm, written.algorithm);
        assert_eq!(nobody.params, written.params);
        assert_eq!(nobody.hash.unwrap().len(), written.hash.unwrap().len());
    }

    #[test]
    fn short_passwords_are_not_hashed() {
        assert!(matches!(
            hash_password("elevenchars"),
            Err(PasswordError::TooShort)
        ));
        assert!(matches!(
            hash_password(&"x".repeat(300)),
            Err(PasswordError::TooLong)
        ));
    }
}
