use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::accounts::hexadecimal;
use crate::problem::Problem;

/// A file that pages refer to. Its address holds a part of its digest, so browsers may keep it for
/// good.
pub(crate) struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
    path: LazyLock<String>,
}

/// How everything looks.
pub(crate) static CSS: Asset = Asset {
    name: "desk.css",
    kind: "text/css; charset=utf-8",
    content: include_str!("../assets/desk.css"),
    path: LazyLock::new(|| address("desk.css", include_str!("../assets/desk.css"))),
};

/// Keys, the minute tick, and the notice of news. Every page works without it.
pub(crate) static JS: Asset = Asset {
    name: "desk.js",
    kind: "text/javascript; charset=utf-8",
    content: include_str!("../assets/desk.js"),
    path: LazyLock::new(|| address("desk.js", include_str!("../assets/desk.js"))),
};

/// The sign in the browser's tab.
pub(crate) static ICON: Asset = Asset {
    name: "icon.svg",
    kind: "image/svg+xml",
    content: include_str!("../assets/icon.svg"),
    path: LazyLock::new(|| address("icon.svg", include_str!("../assets/icon.svg"))),
};

impl Asset {
    pub(crate) fn path(&'static self) -> &'static str {
        &self.path
    }
}

fn address(name: &str, content: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    format!("/assets/{}/{name}", hexadecimal(&digest[..6]))
}

/// `GET /assets/{digest}/{name}`
pub(crate) async fn asset(Path((_, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let asset = [&CSS, &JS, &ICON]
        .into_iter()
        .find(|asset| asset.name == name)
        .ok_or_else(Problem::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    Ok((headers, asset.content).into_response())
}
