use ct_merkle::mem_backed_tree::MemoryBackedTree;
use groundbreak_proof::{Algorithm, Frontier, Hash, RangeRoots, tree};
use sha2::Sha256;
use sm3::Sm3;

const SIZE_MAX: u64 = 70;

fn leaf_bytes(index: u64) -> Vec<u8> {
    format!("record {index}").into_bytes()
}

fn leaves(algorithm: Algorithm, size: u64) -> Vec<Hash> {
    (0..size)
        .map(|index| algorithm.leaf(&leaf_bytes(index)))
        .collect()
}

fn root(algorithm: Algorithm, leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new(algorithm);
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

fn roots(algorithm: Algorithm, ranges: Vec<std::ops::Range<u64>>, leaves: &[Hash]) -> Vec<Hash> {
    let mut roots = RangeRoots::new(algorithm, ranges);
    leaves.iter().for_each(|leaf| roots.push(*leaf));
    roots.finish().unwrap()
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

macro_rules! agrees_with_another_implementation {
    ($name:ident, $algorithm:expr, $digest:ty) => {
        #[test]
        fn $name() {
            let algorithm = $algorithm;
            let all = leaves(algorithm, SIZE_MAX);
            let mut other = MemoryBackedTree::<$digest, Vec<u8>>::new();
            for size in 1..=SIZE_MAX {
                other.push(leaf_bytes(size - 1));
                let seen = &all[..size as usize];
                assert_eq!(root(algorithm, seen).0[..], other.root().as_bytes()[..]);
                for index in 0..size {
                    let ranges = tree::inclusion(index, size).unwrap();
                    let ours = roots(algorithm, ranges, seen);
                    let theirs = other.prove_inclusion(index as usize);
                    assert_eq!(bytes(&ours), theirs.as_bytes(), "{index} of {size}");
                }
                for old in 1..size {
                    let ranges = tree::consistency(old, size).unwrap();
                    let ours = roots(algorithm, ranges, seen);
                    let theirs = other.prove_consistency((size - old) as usize);
                    assert_eq!(bytes(&ours), theirs.as_bytes(), "{old} to {size}");
                }
            }
        }
    };
}

agrees_with_another_implementation!(
    roots_and_proofs_of_sha_256_are_those_of_ct_merkle,
    Algorithm::Sha256,
    Sha256
);
agrees_with_another_implementation!(
    roots_and_proofs_of_sm3_are_those_of_ct_merkle,
    Algorithm::Sm3,
    Sm3
);

#[test]
fn a_tree_without_leaves_has_the_root_of_the_rfc() {
    let empty = Frontier::new(Algorithm::Sha256).root();
    assert_eq!(
        empty.to_string(),
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    );
}

#[test]
fn an_inclusion_proof_proves_its_leaf_at_its_index_and_nothing_else() {
    let algorithm = Algorithm::Sha256;
    let all = leaves(algorithm, 40);
    for size in 1..=40_u64 {
        let seen = &all[..size as usize];
        let root = root(algorithm, seen);
        for index in 0..size {
            let proof = roots(algorithm, tree::inclusion(index, size).unwrap(), seen);
            let holds = |leaf, index, size, proof: &[Hash], root| {
                tree::verify_inclusion(algorithm, leaf, index, size, proof, root)
            };
            let leaf = seen[index as usize];
            assert!(holds(leaf, index, size, &proof, root));
            for other in (0..size + 3).filter(|other| *other != index) {
                assert!(!holds(leaf, other, size, &proof, root));
            }
            assert!(!holds(algorithm.leaf(b"forged"), index, size, &proof, root));
            assert!(!holds(leaf, index, size, &proof, algorithm.leaf(b"forged")));
            let mut longer = proof.clone();
            longer.push(leaf);
            assert!(!holds(leaf, index, size, &longer, root));
            for place in 0..proof.len() {
                let mut shorter = proof.clone();
                shorter.remove(place);
                assert!(!holds(leaf, index, size, &shorter, root));
                let mut flipped = proof.clone();
                flipped[place].0[place % 32] ^= 1;
                assert!(!holds(leaf, index, size, &flipped, root));
            }
        }
    }
    assert_eq!(tree::inclusion(3, 3), None);
}

#[test]
fn a_consistency_proof_proves_that_nothing_was_changed_and_nothing_else() {
    let algorithm = Algorithm::Sha256;
    let all = leaves(algorithm, 40);
    let at = |size: u64| root(algorithm, &all[..size as usize]);
    for new in 0..=40_u64 {
        for old in 0..=new {
            let ranges = tree::consistency(old, new).unwrap();
            let proof = roots(algorithm, ranges, &all[..new as usize]);
            let holds =
                |old, new, proof: &[Hash]| tree::verify_consistency(algorithm, old, new, proof);
            assert!(
                holds((old, at(old)), (new, at(new)), &proof),
                "{old} to {new}"
            );
            let forged = algorithm.leaf(b"forged");
            assert!(!holds((old, forged), (new, at(new)), &proof));
            if old > 0 {
                assert!(!holds((old, at(old)), (new, forged), &proof));
            }
            let mut longer = proof.clone();
            longer.push(forged);
            assert!(!holds((old, at(old)), (new, at(new)), &longer));
            for place in 0..proof.len() {
                let mut flipped = proof.clone();
                flipped[place].0[place % 32] ^= 128;
                assert!(!holds((old, at(old)), (new, at(new)), &flipped));
            }
        }
    }
    assert_eq!(tree::consistency(4, 3), None);
}

#[test]
fn roots_are_not_given_before_all_leaves_have_gone_by() {
    let ranges = tree::inclusion(1, 5).unwrap();
    let mut roots = RangeRoots::new(Algorithm::Sha256, ranges);
    leaves(Algorithm::Sha256, 4)
        .iter()
        .for_each(|leaf| roots.push(*leaf));
    assert_eq!(roots.finish(), None);
}

#[test]
fn a_tree_goes_on_from_its_right_edge_as_if_it_had_never_stopped() {
    for algorithm in [Algorithm::Sha256, Algorithm::Sm3] {
        let all = leaves(algorithm, SIZE_MAX);
        let mut whole = Frontier::new(algorithm);
        for (size, leaf) in (0..).zip(&all) {
            let edge = whole.roots().to_vec();
            let mut resumed = Frontier::resume(algorithm, size, edge).unwrap();
            assert_eq!((resumed.size(), resumed.root()), (size, whole.root()));
            whole.push(*leaf);
            resumed.push(*leaf);
            assert_eq!(resumed.root(), whole.root(), "{size}");
            assert_eq!(resumed.roots(), whole.roots(), "{size}");
        }
    }
}

#[test]
fn a_tree_has_as_many_full_subtrees_as_its_size_has_bits() {
    let leaf = Algorithm::Sha256.leaf(b"one");
    for (size, count) in [(0, 1), (1, 0), (2, 2), (3, 1), (u64::MAX, 63)] {
        let resumed = Frontier::resume(Algorithm::Sha256, size, vec![leaf; count]);
        assert!(resumed.is_none(), "{size}");
    }
}
