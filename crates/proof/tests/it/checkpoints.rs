use groundbreak_proof::{
    Algorithm, Checkpoint, CheckpointError, Frontier, KeyError, SigningKey, Verifier,
};

const SEED: [u8; 32] = [0; 32];

fn key() -> SigningKey {
    SigningKey::from_seed("example.test/hall", &SEED).unwrap()
}

fn checkpoint(algorithm: Algorithm) -> Checkpoint {
    let mut frontier = Frontier::new(algorithm);
    frontier.push(algorithm.leaf(b"one"));
    Checkpoint {
        origin: "example.test/hall".to_owned(),
        size: 1,
        root: frontier.root(),
        algorithm,
    }
}

#[test]
fn a_signed_checkpoint_is_read_as_it_was_signed() {
    for algorithm in [Algorithm::Sha256, Algorithm::Sm3] {
        let checkpoint = checkpoint(algorithm);
        let note = checkpoint.sign(&key());
        assert_eq!(Checkpoint::open(&note, key().verifier()), Ok(checkpoint));
        assert_eq!(note.contains("\ndigest sm3\n"), algorithm == Algorithm::Sm3);
    }
}

#[test]
fn the_verifier_of_the_source_is_read_and_written() {
    // Of the documentation of golang.org/x/mod/sumdb/note.
    let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let verifier: Verifier = text.parse().unwrap();
    assert_eq!(verifier.name(), "PeterNeumann");
    assert_eq!(verifier.to_string(), text);
}

#[test]
fn no_byte_of_a_signed_checkpoint_can_change() {
    for algorithm in [Algorithm::Sha256, Algorithm::Sm3] {
        let note = checkpoint(algorithm).sign(&key());
        for place in 0..note.len() {
            for bit in 0..8 {
                let mut bytes = note.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                let Ok(text) = String::from_utf8(bytes) else {
                    continue;
                };
                let opened = Checkpoint::open(&text, key().verifier());
                assert!(opened.is_err(), "byte {place}, bit {bit}: {text}");
            }
        }
    }
}

#[test]
fn a_checkpoint_is_read_strictly() {
    let note = checkpoint(Algorithm::Sha256).sign(&key());
    let refused = |text: &str| Checkpoint::open(text, key().verifier()).unwrap_err();
    let wrong = |line, wanted| CheckpointError::Malformed { line, wanted };
    assert_eq!(refused(""), wrong(0, "a signature"));
    assert_eq!(refused(note.trim_end()), wrong(5, "a signature"));
    assert_eq!(
        refused(&note.replacen("\n1\n", "\n01\n", 1)),
        wrong(2, "a number of records")
    );
    assert_eq!(
        refused(&note.replacen("\n1\n", "\n+1\n", 1)),
        wrong(2, "a number of records")
    );
    assert_eq!(
        refused(&note.replacen('=', "", 1)),
        wrong(3, "a root in base64")
    );
    assert_eq!(
        refused(&note.replace('\n', "\r\n")),
        wrong(1, "text without control characters")
    );
    let stranger = SigningKey::from_seed("example.test/hall", &[7; 32]).unwrap();
    let error = Checkpoint::open(&note, stranger.verifier()).unwrap_err();
    assert!(
        matches!(error, CheckpointError::NotSigned { .. }),
        "{error}"
    );
}

#[test]
fn a_checkpoint_of_another_tree_is_not_taken_for_ours() {
    let mut other = checkpoint(Algorithm::Sha256);
    other.origin = "example.test/other".to_owned();
    let error = Checkpoint::open(&other.sign(&key()), key().verifier()).unwrap_err();
    assert!(
        matches!(error, CheckpointError::NotSigned { .. }),
        "{error}"
    );
}

#[test]
fn signatures_of_others_may_stand_beside_ours() {
    let note = checkpoint(Algorithm::Sha256).sign(&key());
    let witness = SigningKey::from_seed("witness.test", &[9; 32]).unwrap();
    let theirs = checkpoint(Algorithm::Sha256).sign(&witness);
    let line = theirs.lines().last().unwrap();
    let both = format!("{note}{line}\n");
    assert!(Checkpoint::open(&both, key().verifier()).is_ok());
    assert!(
        Checkpoint::open(&both, witness.verifier()).is_err(),
        "its origin is another"
    );
}

#[test]
fn keys_are_written_and_read_and_the_secret_is_not_shown() {
    let key = key();
    let pem = key.to_pem().unwrap();
    let again = SigningKey::from_pem("example.test/hall", pem.as_ref()).unwrap();
    assert_eq!(again.verifier(), key.verifier());
    let text = key.verifier().to_string();
    assert_eq!(&text.parse::<Verifier>().unwrap(), key.verifier());
    assert!(!format!("{key:?}").contains("[0, 0, 0"), "{key:?}");
    for name in ["", "a b", "a+b", "a\n"] {
        let refused = SigningKey::from_seed(name, &SEED).unwrap_err();
        assert!(matches!(refused, KeyError::Name));
    }
    let (name, rest) = text.split_once('+').unwrap();
    let renamed = format!("{name}x+{rest}").parse::<Verifier>().unwrap_err();
    assert!(matches!(renamed, KeyError::Id));
}
