//! Papers are kept by their digest, whole or not at all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io;
use std::path::Path;

use bytes::Bytes;
use futures::{TryStreamExt, stream};
use groundbreak_papers::{BadDigest, Digest, Kind, OpenError, Papers, PutError, ReadError};

/// A PDF of so many bytes.
fn pdf(bytes: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.7\n".to_vec();
    content.resize(bytes.max(content.len()), b'x');
    content
}

/// A content that comes in pieces of so many bytes.
fn in_pieces(
    content: &[u8],
    piece: usize,
) -> impl futures::Stream<Item = Result<Bytes, io::Error>> + Unpin {
    let pieces: Vec<_> = content
        .chunks(piece)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    stream::iter(pieces)
}

async fn read(papers: &Papers, digest: Digest) -> Result<Vec<u8>, ReadError> {
    let content = papers.get(digest).await?.expect("it is kept");
    let pieces: Vec<Bytes> = content.pieces.try_collect().await?;
    Ok(pieces.concat())
}

/// The files that are kept, those under way included.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

#[tokio::test]
async fn what_is_kept_comes_back_and_the_same_content_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [9, 8 * 1024, 8 * 1024 + 1, 6 << 20, 17 << 20] {
        let papers = Papers::in_folder(folder.path()).unwrap();
        let content = pdf(bytes);
        let kept = papers
            .put("章程.pdf", in_pieces(&content, 100_000))
            .await
            .unwrap();
        assert_eq!((kept.bytes, kept.kind), (bytes as u64, Kind::Pdf));
        let before = files(folder.path()).len();
        let again = papers.put("b.PDF", in_pieces(&content, 7_777)).await;
        assert_eq!(again.unwrap(), kept);
        assert_eq!(files(folder.path()).len(), before);
        drop(papers);
        let papers = Papers::in_folder(folder.path()).unwrap();
        assert!(read(&papers, kept.digest).await.unwrap() == content);
    }
    assert_eq!(files(folder.path()).len(), 5);
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let papers = Papers::in_folder(folder.path())
        .unwrap()
        .with_bytes_max(100_000);
    let put = |name, content: Vec<u8>| {
        let papers = papers.clone();
        async move { papers.put(name, in_pieces(&content, 1_000)).await }
    };
    assert!(matches!(put("a.pdf", vec![]).await, Err(PutError::Empty)));
    assert!(put("a.pdf", pdf(100_000)).await.is_ok());
    assert!(matches!(
        put("a.pdf", pdf(100_001)).await,
        Err(PutError::TooLarge { bytes_max: 100_000 })
    ));
    for name in ["a", "a.exe", "a.pdf.exe", ".pdf.", "pdf", ""] {
        let refused = put(name, pdf(100)).await;
        assert!(matches!(refused, Err(PutError::UnknownKind)), "{name}");
    }
    for (name, said) in [("a.png", Kind::Png), ("a.docx", Kind::Docx)] {
        match put(name, pdf(100)).await {
            Err(PutError::LyingKind { said: found }) => assert_eq!(found, said),
            other => panic!("{other:?}"),
        }
    }
    let program = put("a.pdf", b"MZ\x90\x00\x03\x00\x00\x00".to_vec()).await;
    assert!(matches!(
        program,
        Err(PutError::LyingKind { said: Kind::Pdf })
    ));
    assert_eq!(files(folder.path()).len(), 1);
}

#[tokio::test]
async fn a_content_that_breaks_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let papers = Papers::in_folder(folder.path()).unwrap();
    let pieces = vec![
        Ok(Bytes::from(pdf(6 << 20))),
        Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    ];
    let refused = papers.put("a.pdf", stream::iter(pieces)).await;
    assert!(matches!(refused, Err(PutError::Source(_))), "{refused:?}");
    assert_eq!(files(folder.path()), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_damaged_content_does_not_end_as_if_it_were_whole() {
    let folder = tempfile::tempdir().unwrap();
    let papers = Papers::in_folder(folder.path()).unwrap();
    let kept = papers.put("a.pdf", in_pieces(&pdf(50_000), 1_000)).await;
    let digest = kept.unwrap().digest;
    let file = files(folder.path()).remove(0);
    let mut content = std::fs::read(&file).unwrap();
    content[40_000] ^= 1;
    std::fs::write(&file, content).unwrap();
    match read(&papers, digest).await {
        Err(ReadError::Damaged { digest: found }) => assert_eq!(found, digest),
        other => panic!("{other:?}"),
    }
    std::fs::remove_file(&file).unwrap();
    assert!(papers.get(digest).await.unwrap().is_none());
}

#[test]
fn a_digest_is_64_lower_case_hexadecimal_digits() {
    let good = "0123456789abcdef".repeat(4);
    assert_eq!(good.parse::<Digest>().unwrap().to_string(), good);
    for bad in [
        "",
        "../../etc/passwd",
        &good[1..],
        &good.to_uppercase(),
        &format!("{good}0"),
        &format!("{}é", &good[2..]),
    ] {
        assert_eq!(bad.parse::<Digest>(), Err(BadDigest), "{bad}");
    }
}

#[test]
fn an_address_that_is_none_is_refused() {
    let at = |address: &str| Papers::at(address, []);
    assert!(matches!(at("papers"), Err(OpenError::Address { .. })));
    assert!(matches!(at("ftp://a/b"), Err(OpenError::Refused(_))));
    let region = [("AWS_REGION".to_owned(), "cn-south-1".to_owned())];
    assert!(Papers::at("s3://bucket/papers", region).is_ok());
}
