//! Every commit names the one before it in its case, as that is stored.

use groundbreak_workflow::{
    Case, Commit, CommitDigest, Entry, FoldError, decode_case, decode_commit, encode_case,
    encode_commit,
};

use crate::decide::{Day, data};

/// A record of a remark, as the version before wrote it.
const BEFORE: &str = "01a764636173655001a21579285871a2a849eafc044df2e8687265766973696f6e0267636f6d6d616e645001a215792d18755a903b7f3ee6895901626279a26269646d6167656e745f6f666669636572646e616d656d6167656e745f6f6666696365726c6566666563746976655f61741b000001a215792d186b7265636f726465645f61741b000001a215792d1867656e747269657381a2646b696e6469636f6d6d656e74656464746578746fe69d90e69699e5b7b2e79c8be8bf87";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// Five commits: opened, a paper, submitted, and two remarks.
fn day() -> Day {
    let mut day = Day::submitted();
    for text in ["one", "two"] {
        day.comment(text).unwrap();
    }
    day
}

fn stripped(journal: &[Commit]) -> Vec<Commit> {
    let mut journal = journal.to_vec();
    for commit in &mut journal {
        commit.previous = None;
    }
    journal
}

/// Gives commits the revisions they would have at their places.
fn numbered(mut journal: Vec<Commit>) -> Vec<Commit> {
    for (revision, commit) in (1..).zip(&mut journal) {
        commit.revision = revision;
    }
    journal
}

#[test]
fn a_commit_written_before_is_read_and_written_byte_for_byte() {
    let record = bytes(BEFORE);
    let commit = decode_commit(&record).unwrap();
    assert_eq!((commit.revision, commit.previous), (2, None));
    assert_eq!(encode_commit(&commit), record);
}

#[test]
fn a_commit_names_the_one_before_it_by_32_bytes_at_its_end() {
    let mut commit = decode_commit(&bytes(BEFORE)).unwrap();
    commit.previous = Some(CommitDigest::of(b"abc"));
    let mut record = bytes(BEFORE);
    // A map of eight instead of seven.
    record[1] = 0xa8;
    record.extend(bytes("687072657669 6f75735820".replace(' ', "").as_str()));
    record.extend(bytes(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ));
    assert_eq!(encode_commit(&commit), record);
    assert_eq!(decode_commit(&record).unwrap(), commit);
}

#[test]
fn a_digest_is_hexadecimal_in_json() {
    let digest = CommitDigest::of(b"abc");
    let json = serde_json::to_string(&digest).unwrap();
    assert_eq!(json, format!("\"{digest}\""));
    assert_eq!(serde_json::from_str::<CommitDigest>(&json).unwrap(), digest);
    for wrong in ["\"ba78\"", "\"\"", "\"g\"", "1", &json.to_uppercase()] {
        assert!(
            serde_json::from_str::<CommitDigest>(wrong).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn every_commit_names_the_stored_form_of_the_one_before_it() {
    let day = day();
    assert_eq!(day.journal[0].previous, None);
    for pair in day.journal.windows(2) {
        let stored = CommitDigest::of(&encode_commit(&pair[0]));
        assert_eq!(pair[1].previous, Some(stored));
    }
    let newest = day.journal.last().map(encode_commit).unwrap();
    assert_eq!(day.case().newest, Some(CommitDigest::of(&newest)));
    assert_eq!(day.case().chained_from, Some(2));
    assert_eq!(decode_case(&encode_case(day.case())).unwrap(), *day.case());
}

#[test]
fn a_commit_that_was_changed_exchanged_dropped_or_doubled_is_named() {
    type Alter = fn(&mut Vec<Commit>);
    let rows: [(&str, Alter, u64); 6] = [
        (
            "changed",
            |journal| journal[3].entries = vec![Entry::Commented { text: "x".into() }],
            5,
        ),
        ("exchanged", |journal| journal.swap(3, 4), 4),
        ("dropped", |journal| drop(journal.remove(3)), 4),
        (
            "doubled",
            |journal| journal.insert(4, journal[3].clone()),
            5,
        ),
        ("unnamed", |journal| journal[2].previous = None, 3),
        (
            "named at the beginning",
            |journal| journal[0].previous = Some(CommitDigest::of(b"")),
            1,
        ),
    ];
    for (what, alter, named) in rows {
        let mut journal = day().journal;
        alter(&mut journal);
        let error = Case::fold(&numbered(journal)).unwrap_err();
        assert!(
            matches!(error, FoldError::NotLinked { revision, .. } if revision == named),
            "{what}: {error}"
        );
    }
}

#[test]
fn a_journal_written_before_is_chained_from_where_it_goes_on() {
    let mut day = day();
    let before = stripped(&day.journal);
    let folded = Case::fold(&before).unwrap().unwrap();
    assert_eq!(folded.chained_from, None);
    // The state of before says nothing of it, and reads as it did.
    let mut stored = folded.clone();
    stored.newest = None;
    assert!(
        !encode_case(&stored)
            .windows(6)
            .any(|name| name == b"newest")
    );
    assert!(folded.is_stored_as(&decode_case(&encode_case(&stored)).unwrap()));
    assert!(folded.is_stored_as(&folded));
    let newest = folded.newest;
    day.journal = before;
    day.case = Some(folded);
    day.comment("three").unwrap();
    let last = day.journal.last().unwrap();
    assert_eq!((last.revision, last.previous), (6, newest));
    let case = Case::fold(&day.journal).unwrap().unwrap();
    assert_eq!((&case, case.chained_from), (day.case(), Some(6)));
    // From then on a state must hold it, and a commit name it.
    let mut without = case.clone();
    without.newest = None;
    assert!(!case.is_stored_as(&without));
    let digest = CommitDigest::of(&encode_commit(last));
    assert!(stored.apply(last, digest).is_err());
    day.fire("09:00", "r1", "reviewer", "ask", data([]))
        .unwrap();
    assert!(Case::fold(&stripped(&day.journal)).is_ok());
    day.journal[6].previous = None;
    assert!(Case::fold(&day.journal).is_err());
}
