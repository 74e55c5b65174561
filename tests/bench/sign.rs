//! Signing parts: the presigner alone, and the whole use case up to its JSON.

use app::uploads::{self, Deps};
use app::{Caller, Client};
use domain::UploadId;
use domain::upload::{Part, plan};
use serde_json::json;
use support::sender::{bucket, room, start};
use support::{Person, Stack};

use crate::report::Table;
use crate::{cpu, live};

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How often a thousand parts are signed.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
}

/// Parts of one call.
const PARTS: u32 = 1_000;
/// A file of 1,000 parts of 16 MiB; more than the free plan allows, so the session is made by hand.
const SIZE: u64 = 1_000 * (16 << 20);

/// Signs and measures.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let stack = Stack::plain();
    let mut table = Table::new("sign");
    let files = bucket(stack);
    let plan = plan(SIZE)?;
    let rounds = f64::from(options.rounds);

    for (name, sha256) in [
        ("length alone", None),
        ("length and SHA-256", Some([7; 32])),
    ] {
        let parts: Vec<Part> = plan.parts().collect();
        let before = cpu::used()?;
        for _ in 0..options.rounds {
            let signer = files.signer(app::clock::now(), 3_600).await?;
            for part in &parts {
                std::hint::black_box(signer.part("company/blob", "upload", *part, sha256.as_ref()));
            }
        }
        let each = cpu::used()?.saturating_sub(before).as_secs_f64() * 1_000.0 / rounds;
        table.row(
            format!("1,000 parts, {name}: processor"),
            each,
            "ms",
            Some(40.0),
        );
    }

    let (deps, caller, id) = session(stack).await?;
    let wanted: Vec<_> = (1..=PARTS).map(|number| (number, None)).collect();
    uploads::sign(&deps, &caller, id, &wanted)
        .await
        .map_err(|problem| said(&problem))?;
    let before = cpu::used()?;
    for _ in 0..options.rounds {
        let signed = uploads::sign(&deps, &caller, id, &wanted)
            .await
            .map_err(|problem| said(&problem))?;
        std::hint::black_box(serde_json::to_vec(&signed)?);
    }
    let each = cpu::used()?.saturating_sub(before).as_secs_f64() * 1_000.0 / rounds;
    table.row(
        "1,000 parts, the use case and its JSON: processor",
        each,
        "ms",
        Some(40.0),
    );
    Ok(table)
}

/// A session of a thousand parts: begun small, then made larger in its row.
async fn session(stack: &Stack) -> Result<(Deps, Caller, UploadId), app::Error> {
    let person = Person::register(stack).await;
    let room = room(&person, "figures").await;
    let begun = person
        .post("/v1/uploads", start(&room, "a.bin", 1, "none"))
        .await
        .ok();
    let id = begun["upload"]["id"]
        .as_str()
        .ok_or("an upload has an id")?
        .to_owned();
    let (sql, connection) = tokio_postgres::connect(&stack.postgres, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let grow = format!("update uploads set size = {SIZE}, part_count = {PARTS} where id = '{id}'");
    sql.batch_execute(&grow).await?;
    let deps = Deps {
        store: stack.store(),
        live: live(stack),
        files: bucket(stack),
        config: app::config::Uploads::default(),
    };
    let caller = Caller {
        user: person.id,
        company: person.company,
        session: person.session,
        client: Client {
            at: app::clock::now(),
            address: String::new(),
            user_agent: String::new(),
            request_id: "figures".to_owned(),
        }
        .into(),
    };
    Ok((deps, caller, id.parse()?))
}

/// A problem, as text.
fn said(problem: &app::Problem) -> app::Error {
    json!({"code": problem.code.as_str(), "detail": problem.detail})
        .to_string()
        .into()
}
