use groundbreak_audit::{Attainment, Counts};

/// Checks the two shares, in basis points.
fn check(counts: Counts, closed_bp: Option<usize>, pessimistic_bp: Option<usize>) {
    assert_eq!(
        (counts.closed_bp(), counts.pessimistic_bp()),
        (closed_bp, pessimistic_bp),
        "{counts:?}"
    );
}

fn counts(met: usize, missed: usize, running_missed: usize) -> Counts {
    Counts {
        met,
        missed,
        running_missed,
        ..Counts::default()
    }
}

#[test]
fn what_is_late_and_still_runs_counts_as_missed_in_the_pessimistic_share_alone() {
    check(counts(180, 12, 8), Some(9_375), Some(9_000));
}

#[test]
fn void_excused_and_what_runs_in_time_count_neither_way() {
    let counts = Counts {
        void: 5,
        excused: 3,
        running_in_time: 40,
        ..counts(180, 12, 8)
    };
    check(counts, Some(9_375), Some(9_000));
}

#[test]
fn shares_are_rounded_down() {
    check(counts(2, 1, 0), Some(6_666), Some(6_666));
    check(counts(99_999, 1, 0), Some(9_999), Some(9_999));
}

#[test]
fn nothing_out_of_nothing_is_no_share() {
    let counts = Counts {
        void: 2,
        running_in_time: 3,
        ..Counts::default()
    };
    check(counts, None, None);
}

#[test]
fn with_nothing_closed_what_is_late_makes_the_pessimistic_share_nought() {
    check(counts(0, 0, 4), None, Some(0));
}

#[test]
fn the_largest_counts_do_not_overflow() {
    let most = usize::MAX;
    check(counts(most, most, most), Some(5_000), Some(3_333));
}

#[test]
fn a_report_says_the_same_as_the_counts_it_rests_on() {
    let attainment = Attainment::from(counts(180, 12, 8));
    assert_eq!(
        (attainment.closed_bp, attainment.with_running_late_bp),
        (Some(9_375), Some(9_000))
    );
    assert_eq!(
        (attainment.met, attainment.missed, attainment.running_late),
        (180, 12, 8)
    );
}

#[test]
fn a_report_gives_both_figures_of_what_was_excused() {
    let attainment = Attainment::from(Counts {
        excused: 4,
        ..counts(90, 6, 0)
    });
    assert_eq!((attainment.missed, attainment.excused), (10, 4));
    assert_eq!(
        (attainment.closed_bp, attainment.without_excused_bp),
        (Some(9_000), Some(9_375))
    );
}
