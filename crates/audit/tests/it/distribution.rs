use groundbreak_audit::Distribution;

const TEN: [i64; 10] = [10, 3, 20, 8, 6, 15, 7, 16, 8, 13];

fn check_nearest_rank(values: &[i64], rows: &[(u8, i64)]) {
    let distribution = Distribution::of(values.to_vec()).unwrap();
    for (percent, value) in rows {
        assert_eq!(distribution.nearest_rank(*percent), *value, "p{percent}");
    }
}

fn check_linear(values: &[i64], rows: &[(u8, f64)]) {
    let distribution = Distribution::of(values.to_vec()).unwrap();
    for (percent, value) in rows {
        assert_eq!(distribution.linear(*percent).to_f64(), *value, "p{percent}");
    }
}

#[test]
fn nearest_rank_is_always_one_of_the_values() {
    check_nearest_rank(
        &TEN,
        &[(0, 3), (1, 3), (25, 7), (50, 8), (75, 15), (100, 20)],
    );
    // One percent more than the share of four values reaches the fifth.
    check_nearest_rank(&TEN, &[(40, 8), (41, 8), (90, 16), (91, 20), (99, 20)]);
    check_nearest_rank(&[15, 20, 35, 40, 50], &[(30, 20), (40, 20), (50, 35)]);
}

#[test]
fn linear_lies_between_the_two_values_around_it() {
    check_linear(
        &TEN,
        &[
            (0, 3.0),
            (25, 7.25),
            (50, 9.0),
            (75, 14.5),
            (90, 16.4),
            (95, 18.2),
            (99, 19.64),
            (100, 20.0),
        ],
    );
}

#[test]
fn one_value_is_every_percentile() {
    check_nearest_rank(&[95], &[(0, 95), (50, 95), (99, 95)]);
    check_linear(&[95], &[(0, 95.0), (50, 95.0), (99, 95.0)]);
}

#[test]
fn more_than_a_hundred_counts_as_a_hundred() {
    check_nearest_rank(&TEN, &[(255, 20)]);
    check_linear(&TEN, &[(255, 20.0)]);
}

#[test]
fn count_ends_and_mean_are_those_of_the_values() {
    let ten = Distribution::of(TEN.to_vec()).unwrap();
    assert_eq!((ten.n(), ten.min(), ten.max()), (10, 3, 20));
    assert_eq!(ten.mean().to_f64(), 10.6);
}

#[test]
fn extreme_values_do_not_overflow() {
    let extremes = [i64::MIN, i64::MAX, i64::MAX];
    let distribution = Distribution::of(extremes.to_vec()).unwrap();
    assert_eq!(distribution.mean().to_string(), "3074457345618258602");
    check_linear(&extremes, &[(50, 9_223_372_036_854_775_807.0), (25, -0.5)]);
}

#[test]
fn no_values_have_no_distribution() {
    assert_eq!(Distribution::of(Vec::new()), None);
}
