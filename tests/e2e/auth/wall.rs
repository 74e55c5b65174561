//! R-A8: the database itself keeps companies apart.

use support::Stack;

/// Tables that belong to no company: what companies are, what is there before one is known, and how far the reaper is.
const SHARED: [&str; 5] = [
    "companies",
    "reap_progress",
    "refinery_schema_history",
    "sign_in_failures",
    "signing_keys",
];

#[tokio::test]
async fn r_a8_every_table_says_whose_its_rows_are() {
    let stack = Stack::get().await;
    let rows = stack
        .query(
            "select t.relname::text
             from pg_class t
             join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
             where t.relkind in ('r', 'p')
               and not exists (
                   select from pg_attribute a
                   where a.attrelid = t.oid and a.attname = 'company_id' and a.attnotnull)
             order by 1",
        )
        .await;
    let without: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(without, SHARED);
}

#[tokio::test]
async fn r_a8_every_reference_stays_within_its_company() {
    let stack = Stack::get().await;
    let rows = stack
        .query(
            "select t.relname::text || '.' || c.conname::text
             from pg_constraint c
             join pg_class t on t.oid = c.conrelid
             join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
             join pg_class target on target.oid = c.confrelid
             where c.contype = 'f'
               and not exists (
                   -- company_id on this side is paired with company_id (or the company's own id) on the other.
                   select
                   from unnest(c.conkey, c.confkey) as pair (here, there)
                   join pg_attribute a on a.attrelid = c.conrelid and a.attnum = pair.here
                   join pg_attribute b on b.attrelid = c.confrelid and b.attnum = pair.there
                   where a.attname = 'company_id'
                     and b.attname = case when target.relname = 'companies' then 'id' else 'company_id' end)
             order by 1",
        )
        .await;
    let loose: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(loose.is_empty(), "{loose:?}");
}

#[tokio::test]
async fn r_a8_a_row_cannot_name_a_row_of_another_company() {
    let stack = Stack::get().await;
    let (ours, theirs) = tokio::join!(
        support::Person::register(stack),
        support::Person::register(stack)
    );
    let done = stack
        .execute(
            "insert into sessions (company_id, id, user_id, created_at, last_used_at, expires_at)
             values ($1, gen_random_uuid(), $2, now(), now(), now())",
            &[&ours.company.0, &theirs.id.0],
        )
        .await;
    let refused = done.expect_err("a session of one company for a person of another");
    assert_eq!(
        refused.code().map(tokio_postgres::error::SqlState::code),
        Some("23503")
    );
}

#[tokio::test]
async fn r_a9_functions_cannot_change_what_the_audit_log_says() {
    let stack = Stack::get().await;
    for sql in ["delete from audit_log", "update audit_log set action = ''"] {
        let refused = stack.execute(sql, &[]).await.expect_err("append-only");
        assert_eq!(
            refused.code().map(tokio_postgres::error::SqlState::code),
            Some("42501")
        );
    }
}
