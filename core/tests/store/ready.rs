//! A database is used only when it is prepared for this version and of this profile.

use register::store::snapshot::FORMAT;
use register::store::{Store, StoreError};

use crate::house::{Database, PROFILE};

on_both!(
    what_was_not_migrated_is_refused,
    migrating_again_changes_nothing,
    another_profile_is_refused_and_left_alone,
    a_snapshot_format_that_this_version_does_not_write_is_refused,
    a_migration_that_is_missing_is_refused,
    a_first_migration_that_was_cut_short_is_taken_up,
    only_a_sandbox_on_sqlite_is_emptied,
);

fn refused(result: Result<(), StoreError>) -> String {
    match result {
        Err(StoreError::NotReady(what)) => what,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

async fn what_was_not_migrated_is_refused(db: Database) {
    let what = refused(db.store.check_ready(PROFILE).await);
    assert_eq!(what, "the database is not prepared: run nir-gateway migrate");
}

async fn migrating_again_changes_nothing(db: Database) {
    db.store.migrate(PROFILE).await.unwrap();
    let before = db.texts("SELECT value AS v FROM meta ORDER BY key").await;
    db.store.migrate(PROFILE).await.unwrap();
    assert_eq!(db.texts("SELECT value AS v FROM meta ORDER BY key").await, before);
    let codes = register::codes::Catalogue::embedded().version();
    assert_eq!(before, [codes, PROFILE, "0", FORMAT.to_string().as_str()]);
    db.store.check_ready(PROFILE).await.unwrap();
    assert_eq!(db.store.registry_version().await.unwrap(), 0);
}

async fn another_profile_is_refused_and_left_alone(db: Database) {
    db.store.migrate(PROFILE).await.unwrap();
    let what = "the database is of profile sandbox, not production";
    assert_eq!(refused(db.store.check_ready("production").await), what);
    // A migration that is due must not run either.
    db.run("DELETE FROM _sqlx_migrations").await;
    db.run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (0, 'old', true, 'x', 0)")
        .await;
    assert_eq!(refused(db.store.migrate("production").await), what);
    assert_eq!(db.count("_sqlx_migrations").await, 1);
}

async fn a_snapshot_format_that_this_version_does_not_write_is_refused(db: Database) {
    db.store.migrate(PROFILE).await.unwrap();
    db.run("UPDATE meta SET value = '99' WHERE key = 'snapshot_format'").await;
    let what = refused(db.store.check_ready(PROFILE).await);
    assert_eq!(what, format!("the database writes snapshot format 99, this version {FORMAT}"));
}

async fn a_migration_that_is_missing_is_refused(db: Database) {
    db.store.migrate(PROFILE).await.unwrap();
    db.run("UPDATE _sqlx_migrations SET version = 0 WHERE version = (SELECT max(version) FROM _sqlx_migrations)").await;
    let what = refused(db.store.check_ready(PROFILE).await);
    assert_eq!(what, "the database is not prepared: run nir-gateway migrate");
}

async fn a_first_migration_that_was_cut_short_is_taken_up(db: Database) {
    db.store.migrate(PROFILE).await.unwrap();
    db.run("DELETE FROM meta").await;
    let what = refused(db.store.check_ready(PROFILE).await);
    assert_eq!(what, "the database has no profile: run nir-gateway migrate");
    db.store.migrate(PROFILE).await.unwrap();
    db.store.check_ready(PROFILE).await.unwrap();
}

async fn only_a_sandbox_on_sqlite_is_emptied(db: Database) {
    db.store.migrate(PROFILE).await.unwrap();
    if db.store.engine() == "postgres" {
        assert_eq!(refused(db.store.empty_sandbox().await), "only a sandbox on SQLite can be emptied");
        return db.store.check_ready(PROFILE).await.unwrap();
    }
    db.run("UPDATE meta SET value = 'production' WHERE key = 'profile'").await;
    let what = refused(db.store.empty_sandbox().await);
    assert_eq!(what, "the database is of profile production, not sandbox");
    assert_eq!(db.count("meta WHERE value = 'production'").await, 1);
    db.run("UPDATE meta SET value = 'sandbox' WHERE key = 'profile'").await;
    db.store.empty_sandbox().await.unwrap();
    assert_eq!(db.count("sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").await, 0);
    db.store.migrate(PROFILE).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_not_there_is_an_error_that_names_no_password() {
    let error = Store::open("postgres://someone:hunter2@127.0.0.1:1/none").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    let error = Store::open("sqlite:/proc/none/register.db").await.unwrap_err();
    assert!(error.to_string().starts_with("database: "), "{error}");
}
