use groundbreak_audit::ControlChart;

/// Checks mean, mean range, limits and range limit, each with up to four decimals.
fn check(values: &[i64], expected: [&str; 5]) {
    let chart = ControlChart::of(values).unwrap();
    let found = [
        chart.mean,
        chart.mean_range,
        chart.lower_limit,
        chart.upper_limit,
        chart.range_limit,
    ]
    .map(|figure| format!("{figure:.4}"));
    assert_eq!(found, expected, "{values:?}");
}

#[test]
fn limits_lie_so_many_mean_ranges_from_the_mean() {
    // Ranges 2 1 3 4 3 1 3 4 1, so 22 / 9.
    check(
        &[10, 12, 11, 14, 10, 13, 12, 15, 11, 12],
        ["12", "2.4444", "5.4978", "18.5022", "7.9884"],
    );
}

#[test]
fn the_order_in_time_makes_the_ranges() {
    // The same values in ascending order: ranges add up to 5, not 22.
    check(
        &[10, 10, 11, 11, 12, 12, 12, 13, 14, 15],
        ["12", "0.5556", "10.5222", "13.4778", "1.8156"],
    );
}

#[test]
fn equal_values_leave_no_room_between_the_limits() {
    check(&[95, 95], ["95", "0", "95", "95", "0"]);
}

#[test]
fn a_lower_limit_may_lie_below_zero() {
    check(&[0, 100], ["50", "100", "-216", "316", "326.8"]);
    let chart = ControlChart::of(&[0, 100]).unwrap();
    assert!(chart.lower_limit.is_negative());
}

#[test]
fn one_value_has_no_range_and_so_no_chart() {
    assert_eq!(ControlChart::of(&[]), None);
    assert_eq!(ControlChart::of(&[7]), None);
}

#[test]
fn limits_are_drawn_from_ten_values_on() {
    for (n, drawn) in [(2, false), (9, false), (10, true)] {
        assert_eq!(ControlChart::of(&vec![1; n]).unwrap().is_drawn(), drawn);
    }
}

#[test]
fn extreme_values_do_not_overflow() {
    // Mean -1/2 and one range of 2^64 - 1.
    let chart = ControlChart::of(&[i64::MIN, i64::MAX]).unwrap();
    assert_eq!(
        (chart.mean.to_f64(), chart.mean_range.to_f64()),
        (-0.5, 18_446_744_073_709_551_615.0)
    );
    let many = vec![i64::MAX; ControlChart::VALUES_MAX];
    let chart = ControlChart::of(&many).unwrap();
    assert_eq!(chart.upper_limit.to_f64(), 9_223_372_036_854_775_807.0);
    assert_eq!(ControlChart::of(&vec![0; many.len() + 1]), None);
}
