//! A real log, written through the ledger, then changed behind the triggers' back.

use super::walk::Walked;
use super::{Export, Place, Verify, tell};
use crate::store::tests::world::{LOG, commit, given, ledger, minute, seed};
use crate::store::tests::{PgServer, Scratch};
use crate::store::{CheckpointRow, CosignatureRow, Entry, Store};
use crate::worker::checkpoint::FILE;
use emar_domain::audit::checkpoint::{Checkpoint, log_line};
use emar_domain::audit::note::{KeyKind, Note, SignKey};
use emar_domain::audit::tree::Frontier;
use emar_domain::audit::verify::Code;
use emar_domain::fact::Fact;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use std::io::Write as _;
use std::path::Path;

const RESIDENTS: u128 = 4;
const SEEDED: u64 = 5;
const BATCHES: u64 = 6;
const BATCH: u64 = 50;
const SIZE: u64 = SEEDED + BATCHES * BATCH;
/// Leaf of the first administration.
const FIRST_GIVEN: u64 = SEEDED + 10;

fn key() -> SignKey {
    SignKey::from_seed(LOG, KeyKind::Log, &[7; 32]).unwrap()
}

/// Leaf `at`: of an administration, twice in each of the first four batches.
fn entry(at: u64) -> Entry {
    let (batch, place) = ((at - SEEDED) / BATCH, (at - SEEDED) % BATCH);
    let slot = match place {
        10 => 1,
        20 => 2,
        _ => 0,
    };
    let n = u128::from(batch) + 1;
    if slot == 0 || n > RESIDENTS {
        return Entry { leaves: vec![format!("{{\"n\":{at}}}").into_bytes()], ..Entry::default() };
    }
    let fact = given(n, slot, 130);
    let Fact::Administration(administration) = &fact else { unreachable!() };
    let object = serde_json::json!({"kind": "administration", "id": administration.id});
    let leaf = serde_json::json!({"action": "C", "n": at, "object": object, "outcome": "done"});
    Entry { leaves: vec![leaf.to_string().into_bytes()], facts: vec![fact], ..Entry::default() }
}

/// Six signed checkpoints over a few hundred leaves; the keys and the file lie in `data`.
async fn write(store: &Store, data: &Path) {
    std::fs::create_dir_all(data.join("keys")).unwrap();
    std::fs::write(data.join(super::KEY_FILE), crate::secret::hex(&[7; 32])).unwrap();
    let mut file = std::fs::File::create(data.join(FILE)).unwrap();
    let mut lane = ledger(store).await;
    commit(&mut lane, minute(0), seed(RESIDENTS)).await;
    for batch in 0..BATCHES {
        let from = SEEDED + batch * BATCH;
        let entries = (from..from + BATCH).map(entry).collect();
        let done = commit(&mut lane, minute(140), entries).await;
        let (size, root) = (done.size, done.root);
        let body = Checkpoint { origin: LOG.into(), size, root, extension: vec![] }.to_body();
        let note = Note { signatures: vec![key().sign(&body, 0)], body: body.clone() };
        let made = CheckpointRow { size, root, body, made_at: minute(140) };
        let line = note.signatures[0].clone();
        let sign = move |_: &CheckpointRow| {
            Some(CosignatureRow {
                signer: line.name,
                key_id: line.key_id.to_vec(),
                signature: line.bytes,
                received_at: minute(140),
            })
        };
        store.checkpoint_signed(LOG, &made, sign).await.unwrap();
        file.write_all(log_line(&note).as_bytes()).unwrap();
    }
}

fn place(data: &Path, url: Option<&Path>) -> Place {
    Place {
        config: None,
        data: Some(data.to_owned()),
        database_url_file: url.map(Path::to_owned),
        facility: None,
    }
}

async fn verify(data: &Path, url: Option<&Path>) -> Walked {
    let key = vec![key().verify_key().to_vkey()];
    let place = place(data, url);
    let (export, checkpoint, log) = (None, vec![], None);
    Verify { place, export, checkpoint, key, log, json: false }.walk().await.unwrap()
}

fn assert_sound(walked: &Walked) {
    assert_eq!(walked.report.findings, [], "{}", tell::text(walked));
    assert_eq!(walked.report.size, SIZE);
    assert_eq!(walked.report.exit_code(), 0);
    assert_eq!((walked.outside, walked.report.roots_matched), (BATCHES, 2 * BATCHES));
    assert_eq!(walked.report.signed, 2 * BATCHES);
}

/// What was done, in SQL; the gravest finding; the first wrong leaf.
type Class = (&'static str, String, Code, Option<u64>);

const RENUMBER: &str = "DELETE FROM audit WHERE seq = 100; \
    UPDATE audit SET seq = seq + 1000000 WHERE seq > 100; \
    UPDATE audit SET seq = seq - 1000001 WHERE seq > 100; \
    UPDATE audit_head SET size = size - 1";
const UNGIVEN: &str = "DELETE FROM administration WHERE id = \
    (SELECT min(id) FROM administration)";

fn classes(frontier: &str) -> Vec<Class> {
    let sql = str::to_owned;
    vec![
        (
            "edited leaf",
            sql("UPDATE audit SET leaf = x'7b7d' WHERE seq = 100"),
            Code::LeafChanged,
            Some(100),
        ),
        ("deleted and renumbered", sql(RENUMBER), Code::Truncated, Some(100)),
        ("deleted", sql("DELETE FROM audit WHERE seq = 100"), Code::SeqGap, Some(100)),
        (
            "swapped",
            sql("UPDATE audit SET seq = 1000000 WHERE seq = 100; \
                 UPDATE audit SET seq = 100 WHERE seq = 101; \
                 UPDATE audit SET seq = 101 WHERE seq = 1000000"),
            Code::LeafRewritten,
            Some(100),
        ),
        (
            "tail cut off with head and checkpoints",
            format!(
                "DELETE FROM audit WHERE seq >= 255; DELETE FROM audit_tile; \
                 DELETE FROM cosignature WHERE size > 255; \
                 DELETE FROM checkpoint WHERE size > 255; \
                 UPDATE audit_head SET size = 255, frontier = x'{frontier}'"
            ),
            Code::Truncated,
            Some(255),
        ),
        ("tile", sql("UPDATE audit_tile SET hashes = zeroblob(8192)"), Code::TileWrong, None),
        (
            "checkpoint",
            sql("UPDATE checkpoint SET root = zeroblob(32) WHERE size = 155"),
            Code::CheckpointRow,
            None,
        ),
        (
            "administration put in",
            sql("INSERT INTO administration SELECT randomblob(16), facility, seq, rank + 9, at, \
                 dose, orders, resident, outcome, actor, administered_at, corrects, effective, \
                 body FROM administration LIMIT 1"),
            Code::AdministrationWithoutLeaf,
            None,
        ),
        (
            "administration taken out",
            sql(UNGIVEN),
            Code::LeafWithoutAdministration,
            Some(FIRST_GIVEN),
        ),
    ]
}

fn assert_found(walked: &Walked, (name, _, code, first): &Class) {
    let told = tell::text(walked);
    let findings = &walked.report.findings;
    assert_eq!(findings.first().map(|f| f.code), Some(*code), "{name}: {told}");
    assert_eq!(tell::first_wrong(findings).map(|(first, _)| first), *first, "{name}: {told}");
    assert_eq!(walked.report.exit_code(), code.exit_code(), "{name}");
    assert!(told.contains(code.as_str()) && told.contains(tell::words(*code).0), "{told}");
    assert_eq!(tell::json(walked)["exit_code"], u64::from(code.exit_code()));
}

/// The frontier of the first 255 leaves, as a forger would put it into the head.
async fn frontier_255(store: &Store) -> String {
    let mut frontier = Frontier::new();
    frontier.append_all(&store.leaf_hashes(LOG, 0, 255).await.unwrap());
    frontier.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn tamper(data: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(data.join("emar.db")).foreign_keys(false);
    let mut conn = options.connect().await.unwrap();
    let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    for row in conn.fetch_all(triggers).await.unwrap() {
        let drop = format!("DROP TRIGGER {}", row.get::<String, _>(0));
        conn.execute(sqlx::raw_sql(AssertSqlSafe(drop))).await.unwrap();
    }
    conn.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_behind_the_triggers_is_named_on_sqlite() {
    let scratch = Scratch::new();
    let sound = scratch.0.join("sound");
    let store = Store::open(&sound.display().to_string()).await.unwrap();
    write(&store, &sound).await;
    let frontier = frontier_255(&store).await;
    assert_sound(&verify(&sound, None).await);
    store.close().await;
    drop(store);
    assert_sound(&verify(&sound, None).await);
    for (n, class) in classes(&frontier).into_iter().enumerate() {
        let copy = scratch.0.join(format!("copy{n}"));
        std::fs::create_dir(&copy).unwrap();
        for file in std::fs::read_dir(&sound).unwrap().map(|file| file.unwrap()) {
            if file.path().is_file() {
                std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
            }
        }
        tamper(&copy, &class.1).await;
        assert_found(&verify(&copy, None).await, &class);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_verified_without_the_database() {
    let scratch = Scratch::new();
    let (data, out) = (scratch.0.join("data"), scratch.0.join("out"));
    let store = Store::open(&data.display().to_string()).await.unwrap();
    write(&store, &data).await;
    Export { place: place(&data, None), out: out.clone() }.run().await.unwrap();
    let blank = Place { config: None, data: None, database_url_file: None, facility: None };
    let (checkpoint, key, log) = (vec![], vec![], None);
    let export =
        Verify { place: blank, export: Some(out.clone()), checkpoint, key, log, json: true };
    let walked = export.walk().await.unwrap();
    assert_sound(&walked);
    assert_eq!(walked.report.root, verify(&data, None).await.report.root);

    let bundle = out.join("tile/entries/000");
    let text = std::fs::read(&bundle).unwrap();
    let at = text.windows(9).position(|window| window == b"{\"n\":100}").unwrap();
    let mut edited = text;
    edited[at + 5] = b'9';
    std::fs::write(&bundle, edited).unwrap();
    let walked = export.walk().await.unwrap();
    let class = ("bundle", String::new(), Code::LeafRewritten, Some(100));
    assert_found(&walked, &class);
}

#[test]
fn every_change_behind_the_triggers_is_named_on_postgres() {
    let server = PgServer::find_or_start();
    let edited = "UPDATE audit SET leaf = '\\x7b7d' WHERE seq = 100";
    let ungiven = "DELETE FROM administration WHERE id = \
        (SELECT id FROM administration ORDER BY id LIMIT 1)";
    let classes: [Class; 3] = [
        ("edited leaf", edited.to_owned(), Code::LeafChanged, Some(100)),
        ("deleted and renumbered", RENUMBER.to_owned(), Code::Truncated, Some(100)),
        (
            "administration taken out",
            ungiven.to_owned(),
            Code::LeafWithoutAdministration,
            Some(FIRST_GIVEN),
        ),
    ];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for class in &classes {
        let (scratch, url) = (Scratch::new(), server.new_database());
        let file = scratch.0.join("url");
        std::fs::write(&file, &url).unwrap();
        runtime.block_on(async {
            let store = Store::open(&url).await.unwrap();
            write(&store, &scratch.0).await;
            assert_sound(&verify(&scratch.0, Some(&file)).await);
            let mut conn = sqlx::PgConnection::connect(&url).await.unwrap();
            let open = "SET session_replication_role = replica; \
                ALTER TABLE audit DISABLE TRIGGER USER; \
                ALTER TABLE audit_head DISABLE TRIGGER USER; \
                ALTER TABLE administration DISABLE TRIGGER USER; ";
            let sql = format!("{open}{}", class.1);
            conn.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
            assert_found(&verify(&scratch.0, Some(&file)).await, class);
        });
    }
}
