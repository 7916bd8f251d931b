use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Result;
use groundbreak_proof::{BundleReader, Receipt, Verifier};
use groundbreak_workflow::{CaseId, CommitDigest, Text, decode_commit};

use super::Counts;
use crate::commands::folding::{Folding, commit};
use crate::disagreement::{Disagreement, of_key};
use crate::trouble::Trouble;

/// A record has 1 MiB at most, and base64 makes 4 bytes of 3.
const LINE_BYTES_MAX: u64 = 2 << 20;

/// Checks a bundle or a receipt.
pub(super) fn check(path: &Path, key: Option<Verifier>) -> Result<Counts> {
    let unreadable = |source| Trouble::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        let mut limited = (&mut file).take(LINE_BYTES_MAX);
        limited.read_until(b'\n', line).map_err(unreadable)
    };
    next(&mut line)?;
    if line.trim_ascii() == b"{" {
        // A receipt is one JSON value over several lines.
        let mut text = std::mem::take(&mut line);
        (&mut file)
            .take(LINE_BYTES_MAX)
            .read_to_end(&mut text)
            .map_err(unreadable)?;
        return receipt(path, &text, key);
    }
    let asked_for = key.is_some();
    let mut reader = BundleReader::new(key);
    let mut cases: HashMap<CaseId, Folding> = HashMap::new();
    let (mut records, mut entries): (u64, u64) = (0, 0);
    while !line.is_empty() {
        if let Some(record) = reader.line(&line).map_err(Disagreement::from)? {
            entries += fold(&mut cases, records, &record)?;
            records += 1;
        }
        next(&mut line)?;
    }
    let (checkpoint, _) = reader.finish().map_err(Disagreement::from)?;
    Ok(Counts {
        records,
        entries,
        cases: cases.len() as u64,
        root: Some(checkpoint.root),
        digest: checkpoint.algorithm.name(),
        signed: Some(checkpoint.size),
        signed_by: Some(checkpoint.origin),
        asked_for,
    })
}

/// Folds a record into its case: each must go on from the one before. Returns how many entries it has.
fn fold(cases: &mut HashMap<CaseId, Folding>, index: u64, record: &[u8]) -> Result<u64> {
    let differs = |problem| {
        let line = index.saturating_add(2);
        Disagreement::new(
            Text::new(
                format!("第 {line} 行（第 {index} 条记录）"),
                format!("line {line}, record {index}"),
            ),
            problem,
        )
    };
    let commit = commit(record).map_err(differs)?;
    let case = cases.entry(commit.case).or_default();
    case.add(&commit, CommitDigest::of(record))
        .map_err(differs)?;
    Ok(commit.entries.len() as u64)
}

fn receipt(path: &Path, text: &[u8], key: Option<Verifier>) -> Result<Counts> {
    let receipt: Receipt = serde_json::from_slice(text).map_err(|error| Trouble::NotJson {
        path: path.to_owned(),
        problem: Text::new("不是回执。", format!("it is no receipt: {error}.")),
    })?;
    let asked_for = key.is_some();
    let verifier = match key {
        Some(key) => key,
        None => receipt.verifier.parse().map_err(|error| {
            let place = Text::new("回执中的公钥", "the verifier of the receipt");
            Disagreement::new(place, of_key(&error))
        })?,
    };
    let (checkpoint, record) = receipt
        .verify(&verifier)
        .map_err(|error| Disagreement::of_receipt(&error))?;
    let agrees = decode_commit(&record).is_ok_and(|commit| {
        commit.case.to_string() == receipt.case
            && commit.revision == receipt.revision
            && commit.recorded_at.as_millis() == receipt.recorded_at
    });
    if !agrees {
        return Err(Disagreement::new(
            Text::new("回执", "the receipt"),
            Text::new(
                "所写的办件、版次或时间与其中的记录不符",
                "the case, revision or time it states are not those of its record",
            ),
        )
        .into());
    }
    Ok(Counts {
        records: 1,
        entries: 0,
        cases: 0,
        root: Some(checkpoint.root),
        digest: checkpoint.algorithm.name(),
        signed: Some(checkpoint.size),
        signed_by: Some(checkpoint.origin),
        asked_for,
    })
}
