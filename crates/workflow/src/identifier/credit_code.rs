use super::{Identifier, check_characters, check_length, wrong_at};
use crate::Text;

/// A unified social credit code (统一社会信用代码): 18 characters, the last a check character.
///
/// The first two characters and the division in characters 3 to 8 are those of the first
/// registration, and are taken as they are. The inner check character of the organisation's own
/// code, character 17, is a caution and no refusal: codes that were carried over may fail it.
///
/// # Source
///
/// GB 32100-2015; for characters 9 to 17, GB 11714.
pub(crate) const CREDIT_CODE: Identifier = Identifier {
    zh: "18 位统一社会信用代码（GB 32100）",
    en: "Unified social credit code of 18 characters (GB 32100)",
    example: "91350100M000100Y43",
    read,
    caution,
};

/// Digits and letters without those that look like others: each stands for its place here.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// 3 to the power of the place, modulo 31.
const WEIGHTS: [usize; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];
/// The weights of GB 11714.
const INNER_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

fn read(code: &str) -> Result<String, Text> {
    let allowed = |c| ALPHABET.contains(c);
    check_characters(
        code,
        allowed,
        "数字和除 I、O、S、V、Z 以外的大写字母",
        "digits and letters other than I, O, S, V and Z",
    )?;
    check_length(code, 18)?;
    let mut division = code.chars().enumerate().skip(2).take(6);
    if let Some((index, c)) = division.find(|(_, c)| !c.is_ascii_digit()) {
        return Err(wrong_at(
            index + 1,
            c,
            "数字（第 3 至 8 位为区划）",
            "a digit (3 to 8 are the division)",
        ));
    }
    let sum: usize = code
        .chars()
        .zip(WEIGHTS)
        .filter_map(|(c, weight)| Some(ALPHABET.find(c)? * weight))
        .sum();
    let check = ALPHABET.chars().nth((31 - sum % 31) % 31);
    if code.chars().nth(17) == check {
        Ok(code.to_owned())
    } else {
        Err(Text::new(
            "第 18 位校验码与前 17 位不符，至少有一位有误。请对照营业执照逐位核对。",
            "check character 18 does not agree with the 17 before it: at least one is wrong. Compare each with the licence.",
        ))
    }
}

fn caution(code: &str) -> Option<Text> {
    let inner = code.get(8..17)?;
    let sum: u32 = inner
        .chars()
        .zip(INNER_WEIGHTS)
        .filter_map(|(c, weight)| Some(c.to_digit(36)? * weight))
        .sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10)?,
    };
    (!inner.ends_with(check)).then(|| {
        Text::new(
            "第 17 位不合 GB 11714 的校验；个别沿用的代码如此。请再对照执照核对一次。",
            "Character 17 fails the check of GB 11714, as some codes carried over do. Compare it with the licence once more.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn credit_codes_are_read_with_their_check_character() {
        check(
            &CREDIT_CODE,
            &[
                ("91350100M000100Y43", "91350100M000100Y43"),
                ("91440703MAC000017J", "91440703MAC000017J"),
                ("91440703MAC000025D", "91440703MAC000025D"),
                ("91440703MA5TE5T07D", "91440703MA5TE5T07D"),
                (" 91350100m000100y43 ", "91350100M000100Y43"),
                ("９１３５０１００Ｍ０００１００Ｙ４３", "91350100M000100Y43"),
                ("91350100M000100Y44", "!check character 18"),
                ("91350100M000101Y43", "!check character 18"),
                ("91350100M000100Y4Z", "!character 18 is \"Z\""),
                ("9135O100M000100Y43", "!character 5 is \"O\""),
                ("91350100 M000100Y43", "!character 9 is \" \""),
                ("91A50100M000100Y43", "!character 3 is \"A\""),
                ("91350100M000100Y4", "!there are 17"),
                ("91350100M000100Y433", "!there are 19"),
                ("", "!there are 0"),
            ],
        );
    }

    #[test]
    fn an_inner_check_character_that_fails_is_a_caution() {
        assert_eq!(CREDIT_CODE.caution("91350100M000100Y43"), None);
        assert_eq!(CREDIT_CODE.caution("91440703MA5TE5T07D"), None);
        // Only its outer check character agrees.
        let code = CREDIT_CODE.read("91350100M000100Y56").unwrap();
        assert!(CREDIT_CODE.caution(&code).is_some());
    }
}
