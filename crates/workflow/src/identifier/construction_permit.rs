use super::{Identifier, check_digits, division, never};
use crate::Text;
use crate::data::is_date;

/// The number of a construction permit (建筑工程施工许可证编号): 18 digits, which are the division, the
/// date of issue, a serial number of the day from 01, and the class of works from 01.
///
/// There is no check digit. Which classes there are is not checked.
///
/// # Source
///
/// The numbering rule of the ministry's permits, as notices describe it; to be confirmed.
pub(crate) const CONSTRUCTION_PERMIT: Identifier = Identifier {
    zh: "18 位施工许可证编号：区划 6、日期 8、序号 2、类别 2",
    en: "Number of a construction permit, 18 digits: division 6, date 8, serial 2, class 2",
    example: "440703202303230101",
    read,
    caution: never,
};

fn read(number: &str) -> Result<String, Text> {
    check_digits(number, 18)?;
    let part = |range| number.get(range).unwrap_or_default();
    division::check(part(0..6))?;
    let date = format!("{}-{}-{}", part(6..10), part(10..12), part(12..14));
    if !is_date(&date) || date.as_str() < "1990-01-01" {
        return Err(Text::new(
            format!("第 7 至 14 位应为发证日期，“{date}”不是。请对照许可证改正。"),
            format!(
                "characters 7 to 14 are the date of issue, and {date} is none. Correct it from the permit."
            ),
        ));
    }
    for (range, zh, en) in [
        (14..16, "15、16", "15 and 16"),
        (16..18, "17、18", "17 and 18"),
    ] {
        if part(range) == "00" {
            return Err(Text::new(
                format!("第 {zh} 位从 01 起，不能是 00。请对照许可证改正。"),
                format!("characters {en} count from 01, and are 00. Correct them from the permit."),
            ));
        }
    }
    Ok(number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn construction_permits_have_a_division_a_date_a_serial_number_and_a_class() {
        check(
            &CONSTRUCTION_PERMIT,
            &[
                ("440703202303230101", "440703202303230101"),
                ("４４０７０３２０２３０３２３０１０１", "440703202303230101"),
                ("440706202303230101", "!Jiangmen has no division"),
                ("440703202302300101", "!2023-02-30 is none"),
                ("440703002303230101", "!is none"),
                ("440703202303230001", "!15 and 16"),
                ("440703202303230100", "!17 and 18"),
                ("44070320230323010", "!there are 17"),
                ("44070320230323010A", "!character 18 is \"A\""),
            ],
        );
    }
}
