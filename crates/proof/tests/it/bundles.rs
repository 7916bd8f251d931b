use groundbreak_proof::{
    Algorithm, BundleError, BundleFault, BundleReader, BundleWriter, Checkpoint, Frontier, Place,
    RangeRoots, Receipt, ReceiptError, SigningKey, Verifier, tree,
};

const RECORDS: [&[u8]; 5] = [b"one", b"", b"three \xff\x00", b"four", b"five"];

fn key() -> SigningKey {
    SigningKey::from_seed("example.test/hall", &[3; 32]).unwrap()
}

fn bundle(algorithm: Algorithm) -> Vec<u8> {
    let key = key();
    let (mut writer, mut text) = BundleWriter::begin(&key, algorithm);
    for record in RECORDS {
        text.push_str(&writer.record(record));
    }
    text.push_str(&writer.end().1);
    text.into_bytes()
}

fn read(bundle: &[u8], key: Option<Verifier>) -> Result<(Vec<Vec<u8>>, Checkpoint), BundleError> {
    let mut reader = BundleReader::new(key);
    let mut records = Vec::new();
    for line in bundle.split_inclusive(|byte| *byte == b'\n') {
        records.extend(reader.line(line)?);
    }
    Ok((records, reader.finish()?.0))
}

#[test]
fn a_bundle_gives_back_its_records_in_order() {
    for algorithm in [Algorithm::Sha256, Algorithm::Sm3] {
        let bundle = bundle(algorithm);
        assert!(BundleReader::recognises(&bundle));
        let (records, checkpoint) = read(&bundle, Some(key().verifier().clone())).unwrap();
        assert_eq!(records, RECORDS);
        assert_eq!((checkpoint.size, checkpoint.algorithm), (5, algorithm));
    }
}

#[test]
fn every_flipped_bit_of_a_bundle_is_found_and_named() {
    let bundle = bundle(Algorithm::Sha256);
    let mut starts = vec![0];
    starts.extend(
        (0..bundle.len())
            .filter(|at| bundle[*at] == b'\n')
            .map(|at| at + 1),
    );
    for at in 0..bundle.len() {
        // The line the byte stands in, counted from 0.
        let line = starts.partition_point(|start| *start <= at) - 1;
        for bit in 0..8 {
            let mut flipped = bundle.clone();
            flipped[at] ^= 1 << bit;
            let error = read(&flipped, None).expect_err(&format!("byte {at}, bit {bit}"));
            let named = match error.place {
                Place::Header => 0,
                Place::Record(index) => index as usize + 1,
                Place::Checkpoint | Place::End => RECORDS.len() + 1,
            };
            // A key changed into another one is found where its signature is.
            let signature = line == 0 && named == RECORDS.len() + 1;
            assert!(
                named == line || signature,
                "byte {at} of line {line}, bit {bit}: {error}"
            );
        }
    }
}

#[test]
fn a_bundle_that_is_cut_off_at_any_byte_is_found() {
    let bundle = bundle(Algorithm::Sha256);
    for end in 0..bundle.len() {
        assert!(read(&bundle[..end], None).is_err(), "{end}");
    }
    let mut more = bundle.clone();
    more.extend(b"\n");
    let error = read(&more, None).unwrap_err();
    assert!(matches!(error.fault, BundleFault::More), "{error}");
}

#[test]
fn a_record_that_is_left_out_doubled_or_moved_is_found() {
    let bundle = String::from_utf8(bundle(Algorithm::Sha256)).unwrap();
    let lines: Vec<&str> = bundle.split_inclusive('\n').collect();
    let read_lines = |lines: &[&str]| read(lines.concat().as_bytes(), None).unwrap_err();
    let mut without = lines.clone();
    without.remove(3);
    assert_eq!(read_lines(&without).place, Place::Record(2));
    let mut doubled = lines.clone();
    doubled.insert(3, lines[3]);
    assert_eq!(read_lines(&doubled).place, Place::Record(3));
    let mut moved = lines.clone();
    moved.swap(2, 3);
    assert_eq!(read_lines(&moved).place, Place::Record(1));
    let mut last = lines.clone();
    last.remove(5);
    let error = read_lines(&last);
    assert!(
        matches!(
            error.fault,
            BundleFault::Size {
                signed: 5,
                found: 4
            }
        ),
        "{error}"
    );
}

#[test]
fn a_bundle_forged_under_another_key_is_refused_by_who_knows_the_key() {
    let stranger = SigningKey::from_seed("example.test/hall", &[4; 32]).unwrap();
    let (mut writer, mut text) = BundleWriter::begin(&stranger, Algorithm::Sha256);
    text.push_str(&writer.record(b"forged"));
    text.push_str(&writer.end().1);
    assert!(read(text.as_bytes(), None).is_ok());
    let error = read(text.as_bytes(), Some(key().verifier().clone())).unwrap_err();
    assert!(matches!(error.fault, BundleFault::OtherKey), "{error}");
}

fn receipt() -> Receipt {
    let algorithm = Algorithm::Sha256;
    let mut frontier = Frontier::new(algorithm);
    let mut roots = RangeRoots::new(algorithm, tree::inclusion(2, 5).unwrap());
    for record in RECORDS {
        frontier.push(algorithm.leaf(record));
        roots.push(algorithm.leaf(record));
    }
    let checkpoint = Checkpoint {
        origin: key().verifier().name().to_owned(),
        size: 5,
        root: frontier.root(),
        algorithm,
    };
    Receipt {
        format: Receipt::FORMAT.to_owned(),
        case: "a case".to_owned(),
        revision: 1,
        recorded_at: 0,
        record: Receipt::encode(RECORDS[2]),
        index: 2,
        inclusion: roots.finish().unwrap(),
        checkpoint: checkpoint.sign(&key()),
        verifier: key().verifier().to_string(),
    }
}

#[test]
fn a_receipt_proves_its_record() {
    let (checkpoint, record) = receipt().verify(key().verifier()).unwrap();
    assert_eq!((checkpoint.size, record.as_slice()), (5, RECORDS[2]));
    let text = serde_json::to_string(&receipt()).unwrap();
    assert_eq!(serde_json::from_str::<Receipt>(&text).unwrap(), receipt());
}

#[test]
fn a_receipt_for_another_record_or_place_proves_nothing() {
    let change = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = receipt();
        change(&mut receipt);
        receipt.verify(key().verifier()).unwrap_err()
    };
    let forged = change(&|receipt| receipt.record = Receipt::encode(b"forged"));
    assert_eq!(forged, ReceiptError::Inclusion);
    assert_eq!(
        change(&|receipt| receipt.index = 3),
        ReceiptError::Inclusion
    );
    assert_eq!(
        change(&|receipt| receipt.inclusion.clear()),
        ReceiptError::Inclusion
    );
    assert_eq!(
        change(&|receipt| receipt.format.clear()),
        ReceiptError::Format
    );
    assert_eq!(
        change(&|receipt| receipt.record.push('!')),
        ReceiptError::Record
    );
    let unsigned =
        change(&|receipt| receipt.checkpoint = receipt.checkpoint.replace("\n5\n", "\n6\n"));
    assert!(matches!(unsigned, ReceiptError::Checkpoint(_)));
}
