use super::{Identifier, check_characters, never};
use crate::Text;

/// The number of an official document (发文字号): `江府办函〔2024〕37号`.
///
/// The short name of who issued it, the year in 〔〕, and a serial number without leading zeros and
/// without 第. Other brackets are read, and kept as 〔〕.
///
/// # Source
///
/// GB/T 9704-2012, section 7.2.5.
pub(crate) const DOCUMENT_NUMBER: Identifier = Identifier {
    zh: "发文字号：机关代字〔年份〕序号（GB/T 9704）",
    en: "Number of a document: issuer 〔year〕 number 号 (GB/T 9704)",
    example: "江府办函〔2024〕37号",
    read,
    caution: never,
};

fn read(number: &str) -> Result<String, Text> {
    let number: String = number
        .chars()
        .map(|c| match c {
            '(' | '[' | '{' | '【' | '﹝' => '〔',
            ')' | ']' | '}' | '】' | '﹞' => '〕',
            other => other,
        })
        .collect();
    let parts = number
        .split_once('〔')
        .and_then(|(issuer, rest)| Some((issuer, rest.split_once('〕')?)));
    let Some((issuer, (year, serial))) = parts else {
        return Err(Text::new(
            "年份应写在〔〕内，如“江府办函〔2024〕37号”。请补上。",
            "the year stands in 〔〕, as in 江府办函〔2024〕37号. Add it.",
        ));
    };
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    check_characters(
        issuer,
        han,
        "汉字（机关代字）",
        "Chinese characters (the issuer)",
    )?;
    if !(1..=20).contains(&issuer.chars().count()) {
        return Err(Text::new(
            "〔〕之前应为 1 至 20 字的机关代字。请补上或缩短。",
            "the short name of the issuer, of 1 to 20 characters, stands before 〔〕. Add or shorten it.",
        ));
    }
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if year.len() != 4 || !digits(year) || !("1949"..="2099").contains(&year) {
        return Err(Text::new(
            "〔〕内应为 4 位年份。请写全年份。",
            "〔〕 holds a year of four digits. Write it in full.",
        ));
    }
    let bare = serial.strip_suffix('号').unwrap_or_default();
    if bare.is_empty() || bare.len() > 5 || !digits(bare) || bare.starts_with('0') {
        return Err(Text::new(
            "〔〕之后应为序号和“号”，序号不加“第”、不编虚位，如“37号”。请改正。",
            "a number and 号 stand behind 〔〕, without 第 and without leading zeros, as in 37号. Correct it.",
        ));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn document_numbers_have_an_issuer_a_year_and_a_serial_number() {
        check(
            &DOCUMENT_NUMBER,
            &[
                ("江府办函〔2024〕37号", "江府办函〔2024〕37号"),
                ("江蓬环审[2020]448号", "江蓬环审〔2020〕448号"),
                ("江蓬环审（２０２０）４４８号", "江蓬环审〔2020〕448号"),
                ("江蓬环审【2020】448号", "江蓬环审〔2020〕448号"),
                ("江府办函〔24〕37号", "!four digits"),
                ("江府办函〔20241〕37号", "!four digits"),
                ("江府办函〔2024〕037号", "!leading zeros"),
                ("江府办函〔2024〕第37号", "!without 第"),
                ("江府办函〔2024〕37", "!behind"),
                ("江府办函2024年37号", "!stands in 〔〕"),
                ("〔2024〕37号", "!issuer"),
                ("jiang〔2024〕37号", "!character 1 is \"J\""),
            ],
        );
    }
}
