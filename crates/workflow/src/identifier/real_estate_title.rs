use super::{Identifier, never};
use crate::Text;

/// The number of a real-estate title (不动产权证号): `粤(2023)江门市不动产权第0001234号`.
///
/// Province, year, place and seven digits. Full-width parentheses are read, and kept as ASCII ones.
///
/// # Source
///
/// The numbering of certificates under the Interim Regulation on Real Estate Registration, in force
/// since 2015; seven digits by general practice, to be confirmed.
pub(crate) const REAL_ESTATE_TITLE: Identifier = Identifier {
    zh: "不动产权证号：省份简称(年份)市县不动产权第 7 位数字号",
    en: "Number of a real-estate title: province (year) place 不动产权第 seven digits 号",
    example: "粤(2023)江门市不动产权第0000001号",
    read,
    caution: never,
};

/// The short names of provinces, regions and municipalities.
const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";

fn read(number: &str) -> Result<String, Text> {
    let mut rest = number.chars();
    let province = rest.next().unwrap_or(' ');
    if !PROVINCES.contains(province) {
        return Err(super::wrong_at(
            1,
            province,
            "省份简称，广东为“粤”",
            "the short name of a province, for Guangdong 粤,",
        ));
    }
    let rest = rest.as_str();
    let Some((year, rest)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
        return Err(Text::new(
            "省份简称之后应为括号内的年份，如“粤(2023)”。请补上。",
            "the year in parentheses stands behind the province, as in 粤(2023). Add it.",
        ));
    };
    let four = year.len() == 4 && year.chars().all(|c| c.is_ascii_digit());
    if !four || year < "2015" {
        return Err(Text::new(
            format!(
                "“{}”不是 2015 年起的年份。请写 4 位年份。",
                year.escape_debug()
            ),
            format!(
                "\"{}\" is no year from 2015 on. Write four digits.",
                year.escape_debug()
            ),
        ));
    }
    let Some((place, serial)) = rest.split_once("不动产权第") else {
        return Err(Text::new(
            "缺“不动产权第”。请按证书全文填写。",
            "不动产权第 is missing. Write the number as it stands on the certificate.",
        ));
    };
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    if !(2..=20).contains(&place.chars().count()) || !place.chars().all(han) {
        return Err(Text::new(
            "年份之后应为市县名，如“江门市”。请补上或改正。",
            "the name of a place stands behind the year, such as 江门市. Add or correct it.",
        ));
    }
    let digits = serial.strip_suffix('号').unwrap_or(serial);
    if digits == serial || digits.len() != 7 || !digits.chars().all(|c| c.is_ascii_digit()) {
        return Err(Text::new(
            "“不动产权第”之后应为 7 位数字和“号”。请补齐前面的零。",
            "seven digits and 号 stand behind 不动产权第. Write the leading zeros too.",
        ));
    }
    Ok(number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn real_estate_titles_have_a_province_a_year_a_place_and_seven_digits() {
        check(
            &REAL_ESTATE_TITLE,
            &[
                (
                    "粤(2023)江门市不动产权第0001234号",
                    "粤(2023)江门市不动产权第0001234号",
                ),
                (
                    "粤（２０２３）江门市不动产权第０００１２３４号",
                    "粤(2023)江门市不动产权第0001234号",
                ),
                ("粤(2023)江门市不动产权第1234号", "!seven digits"),
                ("粤(2023)江门市不动产权第00012345号", "!seven digits"),
                ("粤(2023)江门市不动产权第0001234", "!seven digits"),
                ("粤(2003)江门市不动产权第0001234号", "!no year"),
                ("粤(20X3)江门市不动产权第0001234号", "!no year"),
                ("粤2023江门市不动产权第0001234号", "!parentheses"),
                ("粤(2023)不动产权第0001234号", "!name of a place"),
                ("粤(2023)江门市0001234号", "!missing"),
                ("广(2023)江门市不动产权第0001234号", "!character 1"),
                ("", "!character 1"),
            ],
        );
    }
}
