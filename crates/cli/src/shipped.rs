//! Definitions that come with the program. What is here is what the repository holds: a test
//! compares the two.

/// A file that was built into the program.
pub(crate) struct ShippedFile {
    /// Where it lies in the repository.
    pub(crate) path: &'static str,
    /// Its text.
    pub(crate) text: &'static str,
}

macro_rules! shipped {
    ($($path:literal),+ $(,)?) => {
        [$(ShippedFile { path: $path, text: include_str!(concat!("../../../", $path)) }),+]
    };
}

/// Calendars, each after the one it inherits from.
pub(crate) const CALENDARS: [ShippedFile; 2] = shipped![
    "workflows/calendars/china.yaml",
    "workflows/calendars/pengjiang.yaml"
];

/// Workflows.
pub(crate) const WORKFLOWS: [ShippedFile; 5] = shipped![
    "workflows/land-to-groundbreaking.yaml",
    "workflows/company-registration.yaml",
    "workflows/capital-increase.yaml",
    "workflows/matter.yaml",
    "workflows/commitment-matter.yaml",
];

/// Blocks that workflows use.
pub(crate) const BLOCKS: [ShippedFile; 3] = shipped![
    "workflows/blocks/matter.yaml",
    "workflows/blocks/pre-review.yaml",
    "workflows/blocks/commitment.yaml",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_definition_of_the_repository_is_shipped() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut files = BTreeSet::new();
        for folder in ["workflows", "workflows/blocks", "workflows/calendars"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                if name.ends_with(".yaml") {
                    files.insert(format!("{folder}/{name}"));
                }
            }
        }
        let shipped: BTreeSet<String> = CALENDARS
            .iter()
            .chain(&WORKFLOWS)
            .chain(&BLOCKS)
            .map(|file| file.path.to_owned())
            .collect();
        assert_eq!(shipped, files);
    }
}
