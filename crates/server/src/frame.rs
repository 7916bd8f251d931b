use groundbreak_workflow::Language;
use groundbreak_workflow::sla::Timestamp;

use crate::accounts::Account;
use crate::address;
use crate::app::App;
use crate::assets;
use crate::visitor::{LANGUAGE, Look, THEME, Theme};

/// What every page has around its middle.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) lang: &'static str,
    pub(crate) theme: &'static str,
    pub(crate) now_ms: i64,
    pub(crate) css: &'static str,
    pub(crate) js: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) me: Option<Me>,
    pub(crate) nav: Vec<Choice>,
    /// In a demonstration, whom one can be.
    pub(crate) others: Vec<Other>,
    pub(crate) other_language: OtherLanguage,
    pub(crate) themes: Vec<Choice>,
    pub(crate) here: String,
    /// What was searched for.
    pub(crate) asked: String,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Me {
    pub(crate) name: String,
    pub(crate) department: Option<String>,
}

/// A link among several, one of which may be where one is.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) current: bool,
}

/// Somebody else one can be in a demonstration.
#[derive(Clone, Debug)]
pub(crate) struct Other {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) current: bool,
}

/// The same page in the other language.
#[derive(Clone, Debug)]
pub(crate) struct OtherLanguage {
    pub(crate) href: String,
    pub(crate) tag: &'static str,
    pub(crate) title: &'static str,
}

impl Frame {
    pub(crate) fn new(app: &App, look: &Look, account: Option<&Account>, now: Timestamp) -> Self {
        let words = look.words;
        let language = words.language;
        let other_language = match language {
            Language::Zh => ("en", "EN"),
            Language::En => ("zh-CN", "中文"),
        };
        let given = |name, value| {
            let kept = address::without(&look.path, &look.query, &[name]);
            address::link(&kept, &[(name, value)])
        };
        let nav = [
            ("/desk", "nav-desk"),
            ("/audit", "nav-audit"),
            ("/workflows", "nav-workflows"),
        ];
        Self {
            lang: language.tag(),
            theme: look.theme.name(),
            now_ms: now.as_millis(),
            css: assets::CSS.path(),
            js: assets::JS.path(),
            icon: assets::ICON.path(),
            me: account.map(|account| Me {
                name: account.name_in(language).to_owned(),
                department: account.department.clone(),
            }),
            nav: nav
                .into_iter()
                .map(|(href, key)| Choice {
                    href: href.to_owned(),
                    title: words.t(key),
                    current: look.path == href
                        || look.path.starts_with(&format!("{href}/"))
                        || (href == "/desk" && look.path.starts_with("/cases/")),
                })
                .collect(),
            others: if app.demo && account.is_some() {
                app.accounts
                    .iter()
                    .map(|other| Other {
                        id: other.id.clone(),
                        name: other.name_in(language).to_owned(),
                        current: account.is_some_and(|account| account.id == other.id),
                    })
                    .collect()
            } else {
                Vec::new()
            },
            other_language: OtherLanguage {
                href: given(LANGUAGE, other_language.0),
                tag: other_language.0,
                title: other_language.1,
            },
            themes: Theme::ALL
                .into_iter()
                .map(|theme| Choice {
                    href: given(THEME, theme.name()),
                    title: words.t(&format!("theme-{}", theme.name())),
                    current: theme == look.theme,
                })
                .collect(),
            here: look.here(),
            asked: String::new(),
        }
    }
}
