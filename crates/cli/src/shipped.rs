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
pub(crate) const WORKFLOWS: [ShippedFile; 15] = shipped![
    "workflows/land-to-groundbreaking.yaml",
    "workflows/company-registration.yaml",
    "workflows/capital-increase.yaml",
    "workflows/matter.yaml",
    "workflows/completion-to-production.yaml",
    "workflows/problem-ticket.yaml",
    "workflows/supervision-order.yaml",
    "workflows/coordination-meeting.yaml",
    "workflows/agency-agreement.yaml",
    "workflows/extended-hours-session.yaml",
    "workflows/licence-revocation.yaml",
    "workflows/investment-lead.yaml",
    "workflows/commitment-matter.yaml",
    "workflows/factor-support.yaml",
    "workflows/investor-promise.yaml",
];

/// Blocks that workflows use.
pub(crate) const BLOCKS: [ShippedFile; 5] = shipped![
    "workflows/blocks/acceptance-lane.yaml",
    "workflows/blocks/matter.yaml",
    "workflows/blocks/pre-review.yaml",
    "workflows/blocks/commitment.yaml",
    "workflows/blocks/factor.yaml",
];

/// How these workflows are reported to the national exchange.
pub(crate) const EXCHANGE: ShippedFile = ShippedFile {
    path: "workflows/exchange/pengjiang.yaml",
    text: include_str!("../../../workflows/exchange/pengjiang.yaml"),
};
/// Registers of districts.
pub(crate) const DISTRICTS: [ShippedFile; 1] = shipped!["workflows/districts/pengjiang.yaml"];

/// Measures over the cases of the workflows above.
pub(crate) const MEASURES: [ShippedFile; 30] = shipped![
    "workflows/measures/ceremony-february-amount.yaml",
    "workflows/measures/ceremony-february.yaml",
    "workflows/measures/contact-to-landing-junlebao.yaml",
    "workflows/measures/contact-to-landing.yaml",
    "workflows/measures/hong-kong-march-amount.yaml",
    "workflows/measures/hong-kong-march-investment.yaml",
    "workflows/measures/hong-kong-march-technology.yaml",
    "workflows/measures/hong-kong-march.yaml",
    "workflows/measures/landed-china-year.yaml",
    "workflows/measures/leads-under-negotiation.yaml",
    "workflows/measures/planned-amount.yaml",
    "workflows/measures/planned-foreign-from-10.yaml",
    "workflows/measures/planned-industry-leaders-amount.yaml",
    "workflows/measures/planned-industry-leaders.yaml",
    "workflows/measures/planned-listed.yaml",
    "workflows/measures/planned-little-giants.yaml",
    "workflows/measures/planned-manufacturing-share.yaml",
    "workflows/measures/planned-manufacturing.yaml",
    "workflows/measures/planned-over-10-amount.yaml",
    "workflows/measures/planned-over-10-share-by-amount.yaml",
    "workflows/measures/planned-over-10-share.yaml",
    "workflows/measures/planned-over-10.yaml",
    "workflows/measures/planned-progress-stretch.yaml",
    "workflows/measures/planned-progress.yaml",
    "workflows/measures/planned.yaml",
    "workflows/measures/record-award-to-first-pile.yaml",
    "workflows/measures/record-capital-increase.yaml",
    "workflows/measures/record-registration.yaml",
    "workflows/measures/shenzhen-march-amount.yaml",
    "workflows/measures/shenzhen-march.yaml",
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
        for folder in [
            "workflows",
            "workflows/blocks",
            "workflows/calendars",
            "workflows/districts",
            "workflows/measures",
        ] {
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
            .chain(&MEASURES)
            .chain(&DISTRICTS)
            .map(|file| file.path.to_owned())
            .collect();
        assert_eq!(shipped, files);
    }
}
