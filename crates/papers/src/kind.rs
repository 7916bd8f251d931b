/// What a paper is, by the end of its name and the beginning of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// PDF.
    Pdf,
    /// OFD, the format of electronic certificates (GB/T 33190).
    Ofd,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// TIFF, as scanners write it.
    Tiff,
    /// Word, as Office Open XML.
    Docx,
    /// Excel, as Office Open XML.
    Xlsx,
    /// AutoCAD drawing.
    Dwg,
    /// ZIP.
    Zip,
}

impl Kind {
    /// All kinds that are taken.
    pub const ALL: [Self; 9] = [
        Self::Pdf,
        Self::Ofd,
        Self::Jpeg,
        Self::Png,
        Self::Tiff,
        Self::Docx,
        Self::Xlsx,
        Self::Dwg,
        Self::Zip,
    ];

    /// Returns the kind a file name says, by what is behind its last dot, in whatever case.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        let ending = ending.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|kind| kind.endings().contains(&ending.as_str()))
    }

    /// The ends of names that say this kind, the usual one first.
    #[must_use]
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Ofd => &["ofd"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Tiff => &["tif", "tiff"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Dwg => &["dwg"],
            Self::Zip => &["zip"],
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Ofd => "application/ofd",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Tiff => "image/tiff",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Dwg => "image/vnd.dwg",
            Self::Zip => "application/zip",
        }
    }

    /// Whether a content that begins like this may be of this kind.
    ///
    /// OFD and the formats of Office are ZIP containers, and of a container no more than that is
    /// looked at.
    #[must_use]
    pub fn may_begin(self, head: &[u8]) -> bool {
        let Some(found) = infer::get(head).map(|found| found.extension()) else {
            return false;
        };
        match self {
            Self::Pdf => found == "pdf",
            Self::Jpeg => found == "jpg",
            Self::Png => found == "png",
            Self::Tiff => found == "tif",
            Self::Dwg => found == "dwg",
            Self::Docx => matches!(found, "docx" | "zip"),
            Self::Xlsx => matches!(found, "xlsx" | "zip"),
            Self::Ofd => found == "zip",
            Self::Zip => matches!(found, "zip" | "docx" | "xlsx" | "pptx" | "epub"),
        }
    }
}
