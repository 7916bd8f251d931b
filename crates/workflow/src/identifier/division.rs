use super::{Identifier, check_digits, never};
use crate::Text;

/// An administrative division code (行政区划代码) of six digits.
///
/// The first two are those of a province, region or municipality. Codes of Jiangmen, which begin
/// with 4407, are looked up in a table; of the others only the form is checked. Towns, whose codes
/// have 9 or 12 digits, are none.
///
/// # Source
///
/// GB/T 2260; the codes of Jiangmen as of 2023.
pub(crate) const DIVISION: Identifier = Identifier {
    zh: "6 位行政区划代码（GB/T 2260）",
    en: "Division code of 6 digits (GB/T 2260)",
    example: "440703",
    read,
    caution: never,
};

/// The first two digits there are, from Beijing to Macao.
const PROVINCES: [&str; 34] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
    "81", "82",
];

/// Jiangmen and its districts and cities.
const JIANGMEN: [(&str, &str, &str); 8] = [
    ("440700", "江门市", "Jiangmen"),
    ("440703", "蓬江区", "Pengjiang"),
    ("440704", "江海区", "Jianghai"),
    ("440705", "新会区", "Xinhui"),
    ("440781", "台山市", "Taishan"),
    ("440783", "开平市", "Kaiping"),
    ("440784", "鹤山市", "Heshan"),
    ("440785", "恩平市", "Enping"),
];

fn read(code: &str) -> Result<String, Text> {
    check_digits(code, 6)?;
    check(code)?;
    Ok(code.to_owned())
}

/// Checks that six digits can be a division.
pub(super) fn check(code: &str) -> Result<(), Text> {
    if !PROVINCES.iter().any(|province| code.starts_with(province)) {
        let province = code.get(..2).unwrap_or_default();
        return Err(Text::new(
            format!("没有以“{province}”开头的省级区划。请核对前两位，广东为 44。"),
            format!(
                "no province has the digits \"{province}\". Check the first two; Guangdong has 44."
            ),
        ));
    }
    if code.starts_with("4407") && !JIANGMEN.iter().any(|(known, ..)| *known == code) {
        let zh = JIANGMEN.map(|(code, zh, _)| format!("{code} {zh}"));
        let en = JIANGMEN.map(|(code, _, en)| format!("{code} {en}"));
        return Err(Text::new(
            format!("江门没有区划“{code}”。请用其中之一：{}。", zh.join("、")),
            format!(
                "Jiangmen has no division \"{code}\". Use one of: {}.",
                en.join(", ")
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn divisions_are_looked_up_in_jiangmen_and_known_by_province_elsewhere() {
        check(
            &DIVISION,
            &[
                ("440700", "440700"),
                ("440785", "440785"),
                ("440115", "440115"),
                ("110000", "110000"),
                ("４４０７０３", "440703"),
                (" 440703 ", "440703"),
                ("440706", "!Jiangmen has no division"),
                ("440782", "!440783 Kaiping"),
                ("990703", "!no province"),
                ("44070", "!there are 5"),
                ("440703001", "!there are 9"),
                ("44O703", "!character 3 is \"O\""),
            ],
        );
    }
}
