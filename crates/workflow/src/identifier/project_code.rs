use super::{Identifier, check_characters, check_length};
use crate::Text;

/// A project code (投资项目代码): 20 digits in five groups.
///
/// The new form has year and month of two digits each, the division, the guiding department, the
/// kind of project, five random digits and a check digit. The old form begins with the year, 2016
/// to 2020, and has no check digit: it is taken, with a caution. The two cannot be mistaken for one
/// another, since no month is 16 to 20. The division may be `000000`: projects of the central
/// government. Without hyphens it is read too, and is kept with them.
///
/// # Source
///
/// GB/T 40058-2021. The check digit is ISO/IEC 7064, MOD 11,10, over the 19 digits before it; found
/// from published codes, and to be confirmed against annex A of the standard.
pub(crate) const PROJECT_CODE: Identifier = Identifier {
    zh: "24 位投资项目代码（GB/T 40058），含连字符",
    en: "Project code of 24 characters with its hyphens (GB/T 40058)",
    example: "2303-440703-04-01-100015",
    read,
    caution,
};

const GROUPS: [usize; 5] = [4, 6, 2, 2, 6];

fn read(code: &str) -> Result<String, Text> {
    let code: String = code
        .chars()
        .map(|c| {
            if ('\u{2010}'..='\u{2015}').contains(&c) {
                '-'
            } else {
                c
            }
        })
        .collect();
    check_characters(
        &code,
        |c| c.is_ascii_digit() || c == '-',
        "数字和连字符",
        "digits and hyphens",
    )?;
    let digits: String = code.chars().filter(|c| *c != '-').collect();
    let written = grouped(&digits);
    if code.contains('-') {
        check_length(&code, 24)?;
        if code != written {
            return Err(Text::new(
                "连字符的位置不对，应为 4-6-2-2-6 位。请按备案证改正。",
                "the hyphens stand in the wrong places; the groups have 4-6-2-2-6 digits. Write it as on the filing.",
            ));
        }
    } else {
        check_length(&code, 20)?;
    }
    if is_old(&digits) {
        return Ok(written);
    }
    let month = digits.get(2..4).unwrap_or_default();
    if !("01"..="12").contains(&month) {
        return Err(Text::new(
            format!(
                "第 3、4 位“{month}”不是月份；旧代码则以 2016 至 2020 年开头。请核对开头四位。"
            ),
            format!(
                "characters 3 and 4, \"{month}\", are no month; an old code begins with a year from 2016 to 2020. Check the first four."
            ),
        ));
    }
    let (before, check) = digits.split_at(19);
    if check.parse() == Ok(check_digit(before)) {
        Ok(written)
    } else {
        Err(Text::new(
            "末位校验码与前 19 位数字不符，至少有一位有误。请对照备案证逐位核对。",
            "the last digit does not agree with the 19 before it: at least one is wrong. Compare each with the filing.",
        ))
    }
}

fn grouped(digits: &str) -> String {
    let mut rest = digits.chars();
    GROUPS
        .map(|length| rest.by_ref().take(length).collect::<String>())
        .join("-")
}

/// Tells whether the code begins with a year in which the old form was given.
fn is_old(digits: &str) -> bool {
    let year = digits.get(..4).unwrap_or_default();
    ("2016"..="2020").contains(&year)
}

fn check_digit(digits: &str) -> u32 {
    let mut product = 10;
    for digit in digits.chars().filter_map(|c| c.to_digit(10)) {
        let sum = (product + digit) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    (11 - product) % 10
}

fn caution(code: &str) -> Option<Text> {
    is_old(code).then(|| {
        Text::new(
            "2020 年及以前的旧代码没有校验码，只核对了形式。请对照备案证。",
            "A code of 2020 or before has no check digit; only its form was checked. Compare it with the filing.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn project_codes_are_read_with_their_check_digit() {
        check(
            &PROJECT_CODE,
            &[
                ("2508-440115-04-01-426616", "2508-440115-04-01-426616"),
                ("2310-440113-04-01-884150", "2310-440113-04-01-884150"),
                ("2308-440113-04-01-941363", "2308-440113-04-01-941363"),
                ("2303-440703-04-01-200024", "2303-440703-04-01-200024"),
                ("2304-440703-07-02-300032", "2304-440703-07-02-300032"),
                ("23034407030401100015", "2303-440703-04-01-100015"),
                (
                    "２３０３－４４０７０３－０４－０１－１０００１５",
                    "2303-440703-04-01-100015",
                ),
                ("2303–440703–04–01–100015", "2303-440703-04-01-100015"),
                ("2303-440703-04-01-100016", "!does not agree"),
                ("2303-440704-04-01-100015", "!does not agree"),
                ("2313-440703-04-01-100015", "!no month"),
                ("2303-44070-304-01-100015", "!4-6-2-2-6"),
                ("2303-440703-04-01-10001", "!there are 23"),
                ("2303440703040110001", "!there are 19"),
                ("2303-440703-04-0I-100015", "!character 17 is \"I\""),
            ],
        );
    }

    #[test]
    fn an_old_code_is_taken_with_a_caution() {
        let old = PROJECT_CODE.read("2019-440703-34-03-012345").unwrap();
        assert!(PROJECT_CODE.caution(&old).is_some());
        // November 2020 is of the new form.
        assert_eq!(PROJECT_CODE.caution("2011-440703-04-01-100011"), None);
        assert!(PROJECT_CODE.read("2021-440703-34-03-012345").is_err());
    }
}
