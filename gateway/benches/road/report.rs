//! The tables on the terminal, the ratios of design.md 14, and `target/bench.json`.

use std::path::PathBuf;

use serde_json::json;

use crate::callers::{LARGE, Plan, SINGLE};
use crate::cpu::{Spent, Stage};
use crate::house::Setting;
use crate::steps::Steps;

/// One measured run.
#[derive(Debug, Clone)]
pub struct Row {
    pub plan: Plan,
    pub setting: Setting,
    pub messages_per_s: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// Messages that a transaction of the ledger committed, on average.
    pub messages_per_batch: f64,
    /// Microseconds for each message, by stage.
    pub spent: Spent,
    /// Resident memory after the run, and at most since the gateway began.
    pub resident_mb: (f64, f64),
    pub irreducible_us: f64,
}

impl Row {
    /// CPU of gateway and database, microseconds for each message.
    pub fn all(&self) -> f64 {
        self.spent.gateway() + self.spent.stage(Stage::Database)
    }

    fn ratio(&self) -> f64 {
        self.all() / self.irreducible_us
    }
}

/// What the steps cost that nobody can leave out.
pub fn print_steps(steps: &Steps, idle: &Steps) {
    let many = format!("{} registrations", LARGE.registrations());
    println!("Irreducible steps, µs of CPU for each message; all other cores are at the same steps, or idle");
    println!("  {:<56}{:>10}{many:>20}{:>16}", "", "single", "single, idle");
    for ((name, single, large), (_, idle, _)) in steps.rows().into_iter().zip(idle.rows()) {
        let large = large.map_or_else(String::new, |large| format!("{large:.1}"));
        println!("  {name:<56}{single:>10.1}{large:>20}{idle:>16.1}");
    }
    println!();
}

/// The head of the table of runs.
pub fn print_head() {
    println!("{:77} | µs of CPU for each message         |", "");
    println!(
        "{:<18}{:>18}{:>8}{:>7}{:>7}{:>9}{:>9} |{:>6}{:>7}{:>8}{:>7}{:>7} |{:>7}{:>7}{:>6}{:>6}",
        "run",
        "setting",
        "callers",
        "msg/s",
        "p50 ms",
        "p99 ms",
        "max ms",
        "net",
        "pool",
        "ledger",
        "db",
        "sum",
        "ratio",
        "batch",
        "MB",
        "peak"
    );
}

/// A run, as it is measured.
pub fn print(row: &Row) {
    let stage = |stage| row.spent.stage(stage);
    println!(
        "{:<18}{:>18}{:>8}{:>7.0}{:>7.1}{:>9.1}{:>9.1} |{:>6.0}{:>7.0}{:>8.0}{:>7.0}{:>7.0} |{:>7.2}{:>7.1}{:>6.0}{:>6.0}",
        row.plan.name,
        row.setting.name(),
        row.plan.callers,
        row.messages_per_s,
        row.p50_ms,
        row.p99_ms,
        row.max_ms,
        stage(Stage::Net),
        stage(Stage::Pool),
        stage(Stage::Ledger),
        stage(Stage::Database),
        row.all(),
        row.ratio(),
        row.messages_per_batch,
        row.resident_mb.0,
        row.resident_mb.1,
    );
}

/// The budgets of design.md 14 that this bench can see, each with what was measured. Nothing here is asserted.
pub fn print_ratios(rows: &[Row], steps: &Steps, idle: &Steps) {
    println!("\nBudgets of design.md 14:");
    let find = |plan: Plan, engine: &'static str, answer_key: &'static str, second_opinion: bool| {
        let setting = Setting { engine, answer_key, second_opinion };
        rows.iter().find(move |row| row.plan.name == plan.name && row.plan.callers == 64 && row.setting == setting)
    };
    for engine in ["postgres", "sqlite"] {
        for (key, aim, aim_of_each) in [("rsa", 500, 10), ("p256", 250, 4)] {
            let Some(single) = find(SINGLE, engine, key, false) else { continue };
            let say = |text: String| println!("  {:<14} {text}", format!("{engine}/{key}"));
            let (all, least) = (single.all(), single.irreducible_us);
            let least_idle = idle.irreducible(single.setting, SINGLE.shape);
            let (ratio, ratio_idle) = (single.ratio(), all / least_idle);
            say(format!(
                "a message costs {all:.0} µs of CPU (≤ {aim}) = {ratio:.2} × its irreducible {least:.0} µs (≤ 1.5), \
                 {ratio_idle:.2} × {least_idle:.0} µs of an idle machine"
            ));
            let blob = steps.inserts.of(engine).blob;
            say(format!(
                "beside it: TLS {:.0} µs; it is {:.0} × a bare row of one blob, {blob:.1} µs",
                steps.tls.message,
                all / blob
            ));
            if let Some(both) = find(SINGLE, engine, key, true) {
                say(format!("the second opinion adds {:.0} µs (≤ 250)", both.all() - all));
            }
            if engine == "postgres" {
                let (here, alone) = (single.spent.stage(Stage::Database), steps.inserts.postgres.alone_database);
                let times = alone / here;
                say(format!(
                    "PostgreSQL's part is {here:.0} µs = 1/{times:.1} of a transaction for each, {alone:.0} µs (≤ 1/5)"
                ));
            }
            if let Some(large) = find(LARGE, engine, key, false) {
                let each = large.all() / LARGE.registrations() as f64;
                let times = all / each;
                say(format!(
                    "one of {} registrations costs {each:.1} µs = 1/{times:.1} of a single one (≤ 1/{aim_of_each})",
                    LARGE.registrations()
                ));
            }
        }
    }
    let peak = rows.iter().map(|row| row.resident_mb.1).fold(0.0, f64::max);
    println!("  memory         at most {peak:.0} MB resident (≤ 150)");
}

/// Writes `target/bench.json`, or its short form.
pub fn write(rows: &[Row], smoke: bool) {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let file = if smoke { "bench-smoke.json" } else { "bench.json" };
    let row = |row: &Row| {
        json!({
            "name": row.plan.name,
            "engine": row.setting.engine,
            "answer_key": row.setting.answer_key,
            "second_opinion": row.setting.second_opinion,
            "callers": row.plan.callers,
            "messages_per_s": rounded(row.messages_per_s),
            "p50_ms": rounded(row.p50_ms),
            "p99_ms": rounded(row.p99_ms),
            "cpu_us_per_message": rounded(row.spent.gateway()),
            "db_cpu_us_per_message": rounded(row.spent.stage(Stage::Database)),
            "rss_mb": rounded(row.resident_mb.0),
            "irreducible_us": rounded(row.irreducible_us),
            "ratio": rounded(row.ratio()),
        })
    };
    let text = format!("{:#}\n", serde_json::Value::from(rows.iter().map(row).collect::<Vec<_>>()));
    std::fs::write(target.join(file), text).expect("the target folder can be written");
    println!("\nwritten: target/{file}");
}

/// Two decimals: more would be noise.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
