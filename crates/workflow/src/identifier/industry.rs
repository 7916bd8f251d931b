use super::{Identifier, check_length, never, wrong_at};
use crate::Text;

/// A class of the national classification of industries (国民经济行业分类): the letter of a section
/// and four digits, the first two of which are a division of that section.
///
/// Which groups and classes a division has is not checked.
///
/// # Source
///
/// GB/T 4754-2017.
pub(crate) const INDUSTRY: Identifier = Identifier {
    zh: "行业代码：门类字母加 4 位数字（GB/T 4754-2017）",
    en: "Industry: the letter of its section and 4 digits (GB/T 4754-2017)",
    example: "C3484",
    read,
    caution: never,
};

/// Every section with its first and last division.
const SECTIONS: [(char, &str, &str); 20] = [
    ('A', "01", "05"),
    ('B', "06", "12"),
    ('C', "13", "43"),
    ('D', "44", "46"),
    ('E', "47", "50"),
    ('F', "51", "52"),
    ('G', "53", "60"),
    ('H', "61", "62"),
    ('I', "63", "65"),
    ('J', "66", "69"),
    ('K', "70", "70"),
    ('L', "71", "72"),
    ('M', "73", "75"),
    ('N', "76", "79"),
    ('O', "80", "82"),
    ('P', "83", "83"),
    ('Q', "84", "85"),
    ('R', "86", "90"),
    ('S', "91", "96"),
    ('T', "97", "97"),
];

fn read(code: &str) -> Result<String, Text> {
    let mut characters = code.chars();
    let letter = characters.next().unwrap_or(' ');
    let Some((_, first, last)) = SECTIONS.iter().find(|(section, ..)| *section == letter) else {
        return Err(wrong_at(
            1,
            letter,
            "门类字母 A 至 T（制造业为 C）",
            "the letter of a section, A to T (manufacturing is C),",
        ));
    };
    let digits = characters.as_str();
    let mut behind = code.chars().enumerate().skip(1);
    if let Some((index, c)) = behind.find(|(_, c)| !c.is_ascii_digit()) {
        return Err(wrong_at(index + 1, c, "数字", "a digit"));
    }
    check_length(code, 5)?;
    let division = digits.get(..2).unwrap_or_default();
    if (*first..=*last).contains(&division) {
        return Ok(code.to_owned());
    }
    let belongs = SECTIONS
        .iter()
        .find(|(_, first, last)| (*first..=*last).contains(&division));
    let (zh, en) = belongs.map_or_else(
        || (String::new(), String::new()),
        |(section, ..)| {
            (
                format!("大类 {division} 属门类 {section}。"),
                format!(" Division {division} is of section {section}."),
            )
        },
    );
    Err(Text::new(
        format!(
            "门类 {letter} 的大类为 {first} 至 {last}，不含 {division}。{zh}请改正字母或前两位数字。"
        ),
        format!(
            "section {letter} has the divisions {first} to {last}, and not {division}.{en} Correct the letter or the first two digits."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn an_industry_is_of_a_division_of_its_section() {
        check(
            &INDUSTRY,
            &[
                ("C3484", "C3484"),
                ("C1311", "C1311"),
                ("C4390", "C4390"),
                ("A0111", "A0111"),
                ("T9700", "T9700"),
                ("c3484", "C3484"),
                ("Ｃ３４８４", "C3484"),
                ("C1200", "!13 to 43"),
                ("C4411", "!of section D"),
                ("C9999", "!13 to 43"),
                ("U3484", "!character 1 is \"U\""),
                ("3484", "!character 1 is \"3\""),
                ("C348", "!there are 4"),
                ("C34840", "!there are 6"),
                ("C34A4", "!character 4 is \"A\""),
                ("", "!A to T"),
            ],
        );
    }
}
