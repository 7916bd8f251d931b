use std::collections::BTreeMap;

/// Texts that documents name by their address, in `src`. Nothing else is read.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    by_address: BTreeMap<String, String>,
}

impl Documents {
    /// Returns no documents.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the documents with one more. `file:` before an address changes nothing.
    #[must_use]
    pub fn with(mut self, address: &str, text: impl Into<String>) -> Self {
        self.by_address
            .insert(plain(address).to_owned(), text.into());
        self
    }

    /// Returns the text at an address.
    #[must_use]
    pub fn get(&self, address: &str) -> Option<&str> {
        self.by_address.get(plain(address)).map(String::as_str)
    }
}

fn plain(address: &str) -> &str {
    address.strip_prefix("file:").unwrap_or(address)
}
