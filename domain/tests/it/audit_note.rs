//! Signed notes and checkpoints against the published example and against tampering.
#![allow(clippy::unwrap_used)]

use emar_domain::audit::checkpoint::{Checkpoint, log_line, origin, read_log};
use emar_domain::audit::note::{KeyKind, Note, NoteError, SignKey, VerifyKey};
use emar_domain::audit::tree::{Hash, ProofError, empty_root, leaf_hash};

/// The example in the documentation of golang.org/x/mod/sumdb/note.
#[test]
fn published_example() {
    let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let text = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let key = VerifyKey::from_vkey(vkey).unwrap();
    assert_eq!(key.to_vkey(), vkey);
    let note = Note::parse(text).unwrap();
    assert_eq!(note.to_text(), text);
    assert_eq!(note.verify(&[key]), Ok(vec!["PeterNeumann".to_owned()]));
    let skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let signer = SignKey::from_skey(skey).unwrap();
    assert_eq!(signer.to_skey(), skey);
    assert_eq!(signer.verify_key().to_vkey(), vkey);
    assert_eq!(signer.sign(&note.body, 0), note.signatures[0]);
}

fn signed() -> (Note, Vec<VerifyKey>) {
    let log = SignKey::from_seed("emar.demo/oakhill/audit", KeyKind::Log, &[7; 32]).unwrap();
    let witness = SignKey::from_seed("station-east", KeyKind::Witness, &[8; 32]).unwrap();
    let checkpoint = Checkpoint {
        origin: origin("demo", "oakhill"),
        size: 5,
        root: leaf_hash(b"x"),
        extension: vec!["epoch 3".into()],
    };
    let body = checkpoint.to_body();
    assert_eq!(Checkpoint::from_body(&body), Ok(checkpoint));
    let signatures = vec![log.sign(&body, 0), witness.sign(&body, 1_793_622_600)];
    (Note { body, signatures }, vec![log.verify_key(), witness.verify_key()])
}

#[test]
fn a_flip_in_every_byte_of_a_note_is_found() {
    let (note, keys) = signed();
    let text = note.to_text();
    assert_eq!(note.verify(&keys).unwrap().len(), 2);
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1 << (at % 8);
        let signers = String::from_utf8(bytes)
            .ok()
            .and_then(|text| Note::parse(&text).ok())
            .and_then(|note| note.verify(&keys).ok());
        assert_ne!(signers.map(|names| names.len()), Some(2), "byte {at}");
    }
}

#[test]
fn unknown_and_known_keys() {
    let (note, keys) = signed();
    assert_eq!(note.verify(&[]), Err(NoteError::Unsigned));
    assert_eq!(note.verify(&keys[1..]), Ok(vec!["station-east".to_owned()]));
    let other = Note { body: note.body.replace("epoch 3", "epoch 4"), ..note };
    assert_eq!(other.verify(&keys[1..]), Err(NoteError::Signature("station-east".into())));
}

#[test]
fn keys_are_checked() {
    let seed = [1; 32];
    let key = SignKey::from_seed("k", KeyKind::Witness, &seed).unwrap();
    let vkey = key.verify_key().to_vkey();
    assert_eq!(VerifyKey::from_vkey(&vkey), Ok(key.verify_key()));
    assert_eq!(VerifyKey::from_vkey(&vkey.replacen('k', "j", 1)), Err(NoteError::Vkey));
    assert_eq!(VerifyKey::from_vkey("k+00"), Err(NoteError::Vkey));
    for name in ["", "a b", "a+b", "a\nb"] {
        assert_eq!(SignKey::from_seed(name, KeyKind::Log, &seed).err(), Some(NoteError::Name));
    }
    assert!(!format!("{key:?}").contains(&key.to_skey()));
}

#[test]
fn bodies_are_strict() {
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert!(Checkpoint::from_body(&format!("o\n0\n{root}\n")).is_ok());
    for bad in [
        format!("o\n00\n{root}\n"),
        format!("o\n-1\n{root}\n"),
        format!("o\n+1\n{root}\n"),
        format!("o\n9223372036854775808\n{root}\n"),
        format!("\n1\n{root}\n"),
        format!("o\n1\n{root}"),
        format!("o\n1\n{root}\n\n"),
        "o\n1\nAAAA\n".to_owned(),
        "o\n1\n".to_owned(),
    ] {
        assert!(Checkpoint::from_body(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn the_empty_log_is_a_prefix_of_every_log() {
    let at = |size, root| Checkpoint { origin: "o".into(), size, root, extension: vec![] };
    let (empty, one) = (at(0, empty_root()), at(1, leaf_hash(b"x")));
    assert_eq!(empty.is_prefix_of(&one, &[]), Ok(()));
    assert_eq!(empty.is_prefix_of(&empty, &[]), Ok(()));
    assert_eq!(empty.is_prefix_of(&one, &[one.root]), Err(ProofError::Length));
    assert_eq!(at(0, Hash([1; 32])).is_prefix_of(&one, &[]), Err(ProofError::Root));
    assert_eq!(empty.is_prefix_of(&at(0, one.root), &[]), Err(ProofError::Root));
    assert_eq!(one.is_prefix_of(&empty, &[]), Err(ProofError::Range));
}

#[test]
fn the_file_of_checkpoints() {
    let (note, _) = signed();
    let text = log_line(&note) + &log_line(&note);
    assert_eq!(read_log(&text), vec![note.to_text(); 2]);
    assert_eq!(read_log(&text[..text.len() - 1]).len(), 1, "a torn last line is passed over");
    assert_eq!(read_log(&note.to_text()), [note.to_text()]);
    assert!(Note::parse(&read_log("\"a\n")[0]).is_err());
    assert_eq!(read_log(""), Vec::<String>::new());
}
