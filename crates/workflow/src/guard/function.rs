/// The functions of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    At,
    Document,
    Unchanged,
    Has,
    Size,
    StartsWith,
    EndsWith,
    Contains,
}

impl Function {
    pub(super) const ALL: [Self; 8] = [
        Self::At,
        Self::Document,
        Self::Unchanged,
        Self::Has,
        Self::Size,
        Self::StartsWith,
        Self::EndsWith,
        Self::Contains,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::At => "at",
            Self::Document => "document",
            Self::Unchanged => "unchanged",
            Self::Has => "has",
            Self::Size => "size",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Contains => "contains",
        }
    }

    /// Returns how a call of it is written.
    pub(super) fn usage(self) -> &'static str {
        match self {
            Self::At => "at(\"state\")",
            Self::Document => "document(\"name\")",
            Self::Unchanged => "unchanged(\"state\")",
            Self::Has => "has(data.name)",
            Self::Size => "data.name.size()",
            Self::StartsWith => "data.name.startsWith(\"text\")",
            Self::EndsWith => "data.name.endsWith(\"text\")",
            Self::Contains => "data.name.contains(\"text\")",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name() == name)
    }
}
