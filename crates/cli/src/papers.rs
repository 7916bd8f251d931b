//! Where a server keeps the content of papers.

use std::path::Path;

use groundbreak_papers::{OpenError, Papers};

use crate::trouble::Trouble;

/// Returns the papers of a data directory.
pub(crate) fn in_directory(data: &Path) -> Result<Papers, Trouble> {
    let folder = data.join("papers");
    Papers::in_folder(&folder).map_err(|source| no_place(&folder.display().to_string(), source))
}

/// Returns the papers at a place: an address such as `s3://BUCKET/FOLDER`, or else a folder.
pub(crate) fn at(place: &str) -> Result<Papers, Trouble> {
    let opened = if place.contains("://") {
        let settings = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("AWS_"));
        Papers::at(place, settings)
    } else {
        Papers::in_folder(Path::new(place))
    };
    opened.map_err(|source| no_place(place, source))
}

fn no_place(place: &str, source: OpenError) -> Trouble {
    Trouble::NoPlaceForPapers {
        place: place.to_owned(),
        source,
    }
}
