//! What an all-day event says about its date: off, worked, or nothing that can be told.

/// What the words of an event say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A day off.
    Off,
    /// A make-up working day.
    Worked,
    /// Words for both, or 调休 alone, which may be either.
    Unclear,
    /// No such word.
    None,
}

/// Words beside which others need no looking at: a day off, whatever else is written.
const WORKED: [&str; 8] = [
    "上班",
    "补班",
    "班",
    "workday",
    "work day",
    "working day",
    "make-up day",
    "makeup day",
];
const OFF: [&str; 5] = ["休", "放假", "停止办公", "day off", "closed"];
/// Also found in the name of a day that is worked for it: 上班(补国庆节假期).
const OFF_IF_NOT_WORKED: [&str; 5] = ["假期", "假日", "公休", "法定假", "holiday"];
/// Read as something else than the word in them.
const READ_AS: [(&str, &str); 7] = [
    ("不上班", "休"),
    ("休班", "休"),
    ("non-working", "休 "),
    ("nonworking", "休 "),
    // On duty or overtime says nothing about the office.
    ("值班", ""),
    ("加班", ""),
    ("班车", ""),
];
/// Words for a part of a day.
const PART: [&str; 6] = ["半天", "半日", "上午", "下午", "half day", "half-day"];

/// Words that deny what the words above say, or only look like one of them: nothing is guessed.
const DENIED: [&str; 10] = [
    "不放假",
    "不休",
    "不上班",
    "不补班",
    "休会",
    "下班",
    "not a",
    "not off",
    "no holiday",
    "planning",
];

/// Returns what a text says.
pub(super) fn mark_of(text: &str) -> Mark {
    let mut text = text.to_lowercase();
    for (word, meaning) in READ_AS {
        text = text.replace(word, meaning);
    }
    // 调休 is an exchange of days: whether this is the one off or the one worked, others words say.
    let exchanged = text.contains("调休");
    let text = text.replace("调休", "");
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match (says(&OFF), says(&WORKED)) {
        (true, true) => Mark::Unclear,
        _ if says(&DENIED) => Mark::Unclear,
        (true, false) => Mark::Off,
        (false, true) => Mark::Worked,
        (false, false) if says(&OFF_IF_NOT_WORKED) => Mark::Off,
        (false, false) if exchanged => Mark::Unclear,
        (false, false) => Mark::None,
    }
}

/// Whether only a part of the day is meant.
pub(super) fn is_part_of_day(summary: &str) -> bool {
    let summary = summary.to_lowercase();
    PART.iter().any(|word| summary.contains(word))
}

const SEPARATORS: [char; 14] = [
    ' ', '\u{3000}', '·', '-', '–', '—', ':', '：', '|', '｜', ',', '，', '/', '\n',
];
const BRACKETS: [(char, char); 5] = [
    ('（', '）'),
    ('(', ')'),
    ('[', ']'),
    ('【', '】'),
    ('〔', '〕'),
];
/// Taken from either end of a summary, the longest first.
const AT_AN_END: [&str; 10] = [
    "调休上班",
    "调休补班",
    "放假调休",
    "休息日",
    "补班",
    "上班",
    "调休",
    "放假",
    "休假",
    "假期",
];
/// Taken only where a separator or bracket divides them from the name: 休渔 is a name.
const ALONE: [&str; 3] = ["休", "班", "补"];

/// A character of a name: what cannot be seen is no part of one, but for the end of a line, and the
/// format has no place for it.
pub(super) fn seen(c: char) -> char {
    if c.is_control() && c != '\n' { ' ' } else { c }
}

/// Returns the name of the holiday in a summary, without the marks; `None` if nothing else is there.
pub(super) fn name_in(summary: &str) -> Option<String> {
    let summary: String = summary.chars().map(seen).collect();
    let mut name = summary.trim();
    let for_a_holiday = summary.contains("上班") || summary.contains("补班");
    loop {
        let before = name;
        name = name.trim_matches(SEPARATORS);
        name = without_brackets(name);
        name = without_count(name);
        for word in AT_AN_END {
            name = name.strip_prefix(word).unwrap_or(name);
            name = name.strip_suffix(word).unwrap_or(name);
        }
        for word in ALONE {
            if let Some(rest) = name.strip_prefix(word)
                && (rest.is_empty() || rest.starts_with(SEPARATORS))
            {
                name = rest;
            }
            if let Some(rest) = name.strip_suffix(word)
                && (rest.is_empty() || rest.ends_with(SEPARATORS))
            {
                name = rest;
            }
        }
        if for_a_holiday && let Some(rest) = name.strip_prefix('补') {
            name = rest;
        }
        if name == before {
            return (!name.is_empty()).then(|| name.to_owned());
        }
    }
}

/// Takes a pair of brackets from around a text, or from an end of it if only marks are in it.
fn without_brackets(text: &str) -> &str {
    let only_marks = |inside: &str| {
        let inside = inside.trim_matches(SEPARATORS);
        ALONE.contains(&inside) || AT_AN_END.contains(&inside)
    };
    for (open, close) in BRACKETS {
        if let Some(before) = text.strip_suffix(close)
            && let Some((name, inside)) = before.rsplit_once(open)
            && (name.trim().is_empty() || only_marks(inside))
        {
            return if name.trim().is_empty() { inside } else { name };
        }
        if let Some(after) = text.strip_prefix(open)
            && let Some((inside, name)) = after.split_once(close)
            && only_marks(inside)
        {
            return name;
        }
    }
    text
}

/// Takes 第1天/共8天 from the end.
fn without_count(text: &str) -> &str {
    let Some((name, count)) = text.rsplit_once('第') else {
        return text;
    };
    let counts = |c: char| c.is_ascii_digit() || matches!(c, '天' | '/' | '共' | ' ' | '日');
    if count.starts_with(|c: char| c.is_ascii_digit()) && count.chars().all(counts) {
        name
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_off_or_worked_in_the_words_that_are_in_use() {
        for (summary, mark, name) in [
            ("春节（休）", Mark::Off, "春节"),
            ("春节（班）", Mark::Worked, "春节"),
            ("春节(休)", Mark::Off, "春节"),
            ("【班】国庆节", Mark::Worked, "国庆节"),
            ("休｜元旦", Mark::Off, "元旦"),
            ("班｜元旦", Mark::Worked, "元旦"),
            ("元旦 放假", Mark::Off, "元旦"),
            ("元旦补班", Mark::Worked, "元旦"),
            ("劳动节调休上班", Mark::Worked, "劳动节"),
            ("劳动节放假调休", Mark::Off, "劳动节"),
            ("元旦假期", Mark::Off, "元旦"),
            ("上班(补国庆节假期)", Mark::Worked, "国庆节"),
            ("春节 假期 第1天/共8天", Mark::Off, "春节"),
            ("春节 补班 第1天/共2天", Mark::Worked, "春节"),
            ("国庆节、中秋节（休）", Mark::Off, "国庆节、中秋节"),
            ("补班", Mark::Worked, ""),
            ("休", Mark::Off, ""),
            (
                "Working day for the holiday",
                Mark::Worked,
                "Working day for the holiday",
            ),
            ("Public holiday", Mark::Off, "Public holiday"),
            ("Non-working day", Mark::Off, "Non-working day"),
            ("春节不上班", Mark::Off, "春节不"),
        ] {
            assert_eq!(mark_of(summary), mark, "{summary}");
            if !summary.contains('不') {
                assert_eq!(name_in(summary).unwrap_or_default(), name, "{summary}");
            }
        }
    }

    #[test]
    fn an_exchange_or_words_for_both_are_unclear_and_duty_says_nothing() {
        for (summary, mark) in [
            ("劳动节调休", Mark::Unclear),
            ("放假后上班", Mark::Unclear),
            ("春节值班", Mark::None),
            ("元旦", Mark::None),
            ("", Mark::None),
        ] {
            assert_eq!(mark_of(summary), mark, "{summary}");
        }
    }

    #[test]
    fn what_is_denied_is_not_guessed() {
        for summary in [
            "不放假",
            "Not a holiday",
            "Bank Holiday worked (no holiday)",
            "下班提醒",
            "休会",
            "Holiday party planning",
        ] {
            assert_eq!(mark_of(summary), Mark::Unclear, "{summary}");
        }
    }

    #[test]
    fn a_name_that_only_looks_like_a_mark_stays() {
        for name in ["休渔节", "班禅纪念日", "第1天", "补天节"] {
            let found = name_in(name);
            assert_eq!(found.as_deref(), (name != "第1天").then_some(name));
        }
        for (summary, name) in [("中秋节\u{f}", "中秋节"), ("元\u{7f}旦", "元 旦")] {
            assert_eq!(name_in(summary).as_deref(), Some(name));
        }
    }
}
