//! The expansion of orders beside python-dateutil and libical: `cargo bench --bench expansion`.
//!
//! A thousand residents with ten orders each, over thirty days with a clock change in them, in New
//! York; by turns, so that the machine's noise falls on all three. What each makes of the clock
//! change is compared dose by dose: a recurrence rule knows civil times only, and skips, repeats or
//! moves what the home's rules settle.

use emar::zones::Catalogue;
use emar_domain::schedule::{ClockChange, Expansion, OrderLife, Schedule, Span, expand};
use emar_domain::time::{CivilDate, Instant};
use emar_domain::zone::{ZoneName, ZoneRules};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

const RESIDENTS: u32 = 1000;
const DAYS: i64 = 30;
const ROUNDS: usize = 5;
const ZONE: &str = "America/New_York";
/// One range for each clock change of the year.
const RANGES: [(&str, &str); 2] = [("spring", "2026-02-23"), ("autumn", "2026-10-17")];

struct Case {
    number: usize,
    kind: &'static str,
    schedule: Schedule,
    rule: String,
    life: OrderLife,
    range: Span,
}

/// The ten orders of a resident; their minutes differ, but for those that meet the clock change.
fn orders(resident: u32, begins: CivilDate) -> Vec<(&'static str, serde_json::Value, String)> {
    let minute = resident % 4 * 15;
    let clock = |kind: &'static str, hours: &[u32], minute: u32, shape: &str, rule: &str| {
        let times: Vec<String> = hours.iter().map(|h| format!("{h:02}:{minute:02}")).collect();
        let mut schedule: serde_json::Value = serde_json::from_str(shape).expect("a shape");
        schedule["kind"] = json!("clock");
        schedule["times"] = json!(times);
        let hours: Vec<String> = hours.iter().map(u32::to_string).collect();
        let hours = hours.join(",");
        (kind, schedule, format!("{rule};BYHOUR={hours};BYMINUTE={minute};BYSECOND=0"))
    };
    let third = format!("{{\"every_days\": 3, \"anchor_date\": \"{begins}\"}}");
    let month = format!(
        "{{\"monthly\": {{\"day\": 15, \"every\": 1, \"anchor\": \"{:04}-{:02}\"}}}}",
        begins.year(),
        begins.month()
    );
    let anchor = format!("{begins}T13:00:00Z");
    let elapsed = json!({"kind": "interval", "minutes": 480, "anchor": anchor});
    vec![
        clock("once a day", &[9], minute, "{}", "FREQ=DAILY"),
        clock("twice a day", &[9, 17], minute, "{}", "FREQ=DAILY"),
        clock("three times a day", &[8, 14, 20], minute, "{}", "FREQ=DAILY"),
        clock("at 02:30 and 14:30", &[2, 14], 30, "{}", "FREQ=DAILY"),
        clock("at 01:30", &[1], 30, "{}", "FREQ=DAILY"),
        clock("at bedtime", &[21], minute, "{}", "FREQ=DAILY"),
        clock(
            "Monday, Wednesday, Friday",
            &[10],
            minute,
            r#"{"dow": ["mon", "wed", "fri"]}"#,
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        ),
        clock("every third day", &[7, 19], minute, &third, "FREQ=DAILY;INTERVAL=3"),
        clock("on the 15th", &[8], minute, &month, "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("every 8 elapsed hours", elapsed, "FREQ=HOURLY;INTERVAL=8".to_owned()),
    ]
}

fn cases(zone: &ZoneRules, begins: &str) -> Vec<Case> {
    let begins = CivilDate::parse(begins).expect("a date");
    let from = zone.day_begins(begins);
    let to = zone.day_begins(begins.plus_days(DAYS).expect("a date"));
    let range = Span { from, to };
    let of = |resident| orders(resident, begins);
    let all = (0..RESIDENTS).flat_map(of).enumerate();
    all.map(|(number, (kind, schedule, rule))| {
        let schedule = serde_json::from_value(schedule).expect("a schedule");
        let life = OrderLife { start: Some(from), ..OrderLife::default() };
        Case { number, kind, schedule, rule, life, range }
    })
    .collect()
}

fn expanded(case: &Case, zone: &ZoneRules) -> Expansion {
    expand(&case.life, &case.schedule, zone, ClockChange::default(), case.range).expect("doses")
}

/// The orders as a recurrence library takes them; the first dose is where its rule begins.
fn write_orders(file: &Path, cases: &[Case], zone: &ZoneRules) {
    let mut text = String::new();
    for case in cases {
        let Some(first) = expanded(case, zone).due.first().cloned() else { continue };
        let plain = |text: String| text.replace(['-', ':'], "");
        let first = format!("{}00", plain(first.prescribed.to_string()));
        let second = |at: Instant| at.micros() / 1_000_000;
        let (number, rule) = (case.number, &case.rule);
        let (from, to) = (second(case.range.from), second(case.range.to));
        writeln!(text, "{number} {ZONE} {first} {rule} {from} {to}").expect("a line");
    }
    std::fs::write(file, text).expect("the orders are written");
}

#[derive(Clone, Copy)]
struct Lap {
    doses: u64,
    nanos: u64,
}

impl Lap {
    /// Tenths of a nanosecond for each dose.
    fn per_dose(self) -> u64 {
        self.nanos * 10 / self.doses.max(1)
    }
}

fn ours(cases: &[Case], zone: &ZoneRules) -> Lap {
    let begun = std::time::Instant::now();
    let doses: usize = cases.iter().map(|case| black_box(expanded(case, zone)).due.len()).sum();
    let nanos = u64::try_from(begun.elapsed().as_nanos()).expect("nanoseconds");
    Lap { doses: doses as u64, nanos }
}

/// Another library, as a program that takes the orders' file.
struct Other {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<PathBuf>,
}

impl Other {
    fn lap(&self, orders: &Path, answers: Option<&Path>) -> Lap {
        let mut command = Command::new(&self.program);
        let done = command.args(&self.arguments).arg(orders).args(answers).output();
        let done = done.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&done.stderr));
        let mut numbers = told.split_whitespace().map(|n| n.parse().expect("a number"));
        let (doses, nanos) = (numbers.next(), numbers.next());
        Lap { doses: doses.expect("doses"), nanos: nanos.expect("nanoseconds") }
    }
}

/// Those that are here; of the others, what is missing.
fn others(scratch: &Path) -> Vec<Other> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/expansion");
    let mut found = Vec::new();
    let python = Command::new("python3").args(["-c", "import dateutil.rrule"]).output();
    if python.is_ok_and(|done| done.status.success()) {
        let (program, arguments) = ("python3".into(), vec![here.join("rrule.py")]);
        found.push(Other { name: "dateutil", program, arguments });
    } else {
        println!("not measured: python-dateutil (Debian: python3-dateutil)");
    }
    let program = scratch.join("libical");
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-o"]).arg(&program).arg(here.join("libical.c")).arg("-lical");
    match cc.output() {
        Ok(done) if done.status.success() => {
            found.push(Other { name: "libical", program, arguments: Vec::new() });
        }
        Ok(_) => println!("not measured: libical does not compile (Debian: libical-dev)"),
        Err(_) => println!("not measured: libical needs a C compiler named cc"),
    }
    found
}

type Answers = BTreeMap<usize, BTreeSet<i64>>;

fn read_answers(file: &Path) -> Answers {
    let text = std::fs::read_to_string(file).expect("answers");
    let mut answers = Answers::new();
    for line in text.lines() {
        let (number, at) = line.split_once(' ').expect("an order and a second");
        let at = at.parse().expect("a second");
        answers.entry(number.parse().expect("a number")).or_default().insert(at);
    }
    answers
}

/// The first resident's orders on which the library says something else, with what each says.
fn tell_differences(name: &str, cases: &[Case], zone: &ZoneRules, theirs: &Answers) {
    let mut differ = 0;
    for case in cases {
        let second = |at: Instant| at.micros() / 1_000_000;
        let ours: BTreeSet<i64> =
            expanded(case, zone).due.iter().map(|dose| second(dose.at)).collect();
        let theirs = theirs.get(&case.number).cloned().unwrap_or_default();
        if ours == theirs {
            continue;
        }
        differ += 1;
        if case.number >= 10 {
            continue;
        }
        let told = |seconds: Vec<&i64>| {
            let local = |s: &&i64| zone.to_offset_time(Instant::from_micros(**s * 1_000_000));
            let first: Vec<String> = seconds.iter().take(2).map(|s| local(s).to_string()).collect();
            format!("{} ({})", seconds.len(), first.join(", "))
        };
        println!(
            "    {}: only emar {}, only {name} {}",
            case.kind,
            told(ours.difference(&theirs).collect()),
            told(theirs.difference(&ours).collect()),
        );
    }
    println!("    {name} differs on {differ} of {} orders", cases.len());
}

fn tenths(n: u64) -> String {
    format!("{}.{}", n / 10, n % 10)
}

fn main() {
    let scratch = std::env::temp_dir().join(format!("emar-expansion-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).expect("a directory");
    let zones = Catalogue::open(None);
    let zone = zones.rules(&ZoneName::new(ZONE).expect("a zone")).expect("its rules");
    let others = others(&scratch);
    for (season, begins) in RANGES {
        let cases = cases(&zone, begins);
        let (file, answers) = (scratch.join(season), scratch.join("answers"));
        write_orders(&file, &cases, &zone);
        let mut laps: BTreeMap<&str, Vec<Lap>> = BTreeMap::new();
        for _ in 0..ROUNDS {
            laps.entry("emar").or_default().push(ours(&cases, &zone));
            for other in &others {
                laps.entry(other.name).or_default().push(other.lap(&file, None));
            }
        }
        let best = |name: &str| laps[name].iter().min_by_key(|lap| lap.per_dose()).copied();
        let own = best("emar").expect("a lap");
        let each = tenths(own.per_dose());
        println!("{season}: {} orders over {DAYS} days in {ZONE}", cases.len());
        println!("  emar      {:>8} doses  {each:>8} ns a dose", own.doses);
        for other in &others {
            let lap = best(other.name).expect("a lap");
            let ratio = tenths(lap.per_dose() * 10 / own.per_dose().max(1));
            let (name, doses, each) = (other.name, lap.doses, tenths(lap.per_dose()));
            println!("  {name:<9} {doses:>8} doses  {each:>8} ns a dose  {ratio:>6} times emar's");
        }
        for other in &others {
            other.lap(&file, Some(&answers));
            tell_differences(other.name, &cases, &zone, &read_answers(&answers));
        }
    }
    std::fs::remove_dir_all(&scratch).expect("the directory goes");
}
