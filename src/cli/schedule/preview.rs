//! `emar schedule preview`: the doses of one order on a calendar, from a file or from a home.

use super::calendar::Calendar;
use super::order_file;
use crate::cli::home::system_now;
use crate::config::Config;
use crate::store::Store;
use crate::zones::Catalogue;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use emar_domain::decide::expansion;
use emar_domain::dose::{Dose, Slot};
use emar_domain::home::Home;
use emar_domain::id::{OrderId, Slug};
use emar_domain::order::{Order, Timing};
use emar_domain::schedule::{
    ClockChange, Expansion, OrderLife, PlannedDose, Schedule, Span, expand,
};
use emar_domain::time::{CivilDate, Instant};
use emar_domain::zone::{GapPolicy, OverlapPolicy, ZoneName, ZoneRules};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most days on one calendar: ten years.
const DAYS_MAX: i64 = 3_653;
/// Days shown when nobody says how many.
const DAYS: i64 = 14;

#[derive(Debug, Args)]
pub(super) struct Preview {
    /// An order or its schedule alone, in TOML or JSON (`kind = "clock"`, `times = ["08:00"]`).
    #[arg(required_unless_present = "order", conflicts_with = "order")]
    file: Option<PathBuf>,
    /// An order of a home, by its id.
    #[arg(long, value_name = "ID", requires = "config")]
    order: Option<OrderId>,
    /// Configuration file of that home.
    #[arg(long, value_name = "FILE", requires = "order")]
    config: Option<PathBuf>,
    /// The zone of a file's times, such as America/New_York; an order has its home's.
    #[arg(long, required_unless_present = "order", conflicts_with = "order")]
    zone: Option<String>,
    /// First day shown, YYYY-MM-DD; absent: today.
    #[arg(long, value_name = "DATE")]
    from: Option<CivilDate>,
    /// First day not shown any more, YYYY-MM-DD.
    #[arg(long, value_name = "DATE", conflicts_with = "days")]
    to: Option<CivilDate>,
    /// How many days; absent: 14.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=DAYS_MAX))]
    days: Option<i64>,
    /// What becomes of a time that a clock change skips: rfc5545, next_valid or skip.
    #[arg(long, value_parser = word::<GapPolicy>, default_value = "rfc5545")]
    gap: GapPolicy,
    /// Which of two times counts when a clock change repeats one: first, second or both.
    #[arg(long, value_parser = word::<OverlapPolicy>, default_value = "first")]
    overlap: OverlapPolicy,
    /// One JSON object: due, held, merged and dropped doses, and flags by date.
    #[arg(long)]
    json: bool,
}

/// What is put on the calendar.
struct Subject {
    zone: Arc<ZoneRules>,
    schedule: Schedule,
    of: Of,
}

/// Where it comes from.
enum Of {
    /// A file: a schedule with its life.
    File(OrderLife),
    /// An order as its home has it: held, away and changed as it is.
    Home { home: Box<Home>, order: Box<Order>, removal: Option<Schedule> },
}

impl Subject {
    /// The doses of a schedule, worked out as the server plans them.
    fn expand(
        &self,
        schedule: &Schedule,
        change: ClockChange,
        range: Span,
    ) -> anyhow::Result<Expansion> {
        let done = match &self.of {
            Of::File(life) => expand(life, schedule, &self.zone, change, range),
            Of::Home { home, order, .. } => {
                // What lies too near to the last dose of an older version is passed over.
                let from = order.current.not_before.map_or(range.from, |at| at.max(range.from));
                let found = expansion(home, order, schedule, Span { from, ..range });
                found.map(|found| as_planned(home, order, schedule, found, range))
            }
        };
        done.map_err(|error| anyhow!("schedule: {error}"))
    }
}

/// The expansion with what no schedule tells: a first dose given at once, and times passed over
/// because another dose is too near.
fn as_planned(
    home: &Home,
    order: &Order,
    schedule: &Schedule,
    mut found: Expansion,
    range: Span,
) -> Expansion {
    let of_plan = || home.doses_of_order(order.id()).filter(|d| d.slot.plan == order.plan);
    let passed_over = |dose: &PlannedDose| {
        let same = |d: &Dose| (d.slot.date, d.slot.slot) == (dose.date, i64::from(dose.slot));
        of_plan().any(|d| same(d) && home.is_passed_over(d))
    };
    found.due.retain(|dose| !passed_over(dose));
    let number = Slot::of_first_now(schedule);
    let shown = |d: &&Dose| d.due >= range.from && d.due < range.to;
    let first = of_plan().filter(|d| d.slot.slot == i64::from(number)).filter(shown);
    found.due.extend(first.map(|d| PlannedDose {
        at: d.due,
        date: d.slot.date,
        slot: number,
        prescribed: d.local,
        shifted: d.shifted,
        dose: None,
    }));
    found.due.sort();
    found
}

fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(json!(text)).map_err(|error| error.to_string())
}

impl Preview {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let now = system_now();
        let subject = match (&self.order, &self.config, &self.file) {
            (Some(id), Some(config), _) => of_home(*id, config, now)?,
            (_, _, Some(file)) => self.of_file(file)?,
            _ => bail!("name what to show: a file, or --order ID with --config FILE"),
        };
        let zone = &subject.zone;
        let from = self.from.unwrap_or_else(|| zone.to_civil(now).date());
        let to = self.to.or_else(|| from.plus_days(self.days.unwrap_or(DAYS)));
        let to = to.context("--days: the calendar ends with the year 9999; ask for fewer days")?;
        let days = to.days_since(from);
        if days < 1 {
            bail!("--to: {to} is not after {from}; it is the first day not shown, so give a later");
        }
        if days > DAYS_MAX {
            bail!("--to: {days} days are too many for one calendar; ask for at most {DAYS_MAX}");
        }
        let change = ClockChange { gap: self.gap, overlap: self.overlap };
        let range = Span { from: zone.day_begins(from), to: zone.day_begins(to) };
        let done = subject.expand(&subject.schedule, change, range)?;
        let removal = match &subject.of {
            Of::Home { removal: Some(removal), .. } => {
                Some(subject.expand(removal, change, range)?)
            }
            _ => None,
        };
        let on = |done| Calendar { zone, from, to, done };
        let text = if self.json {
            let mut told = on(&done).to_json();
            if let Of::Home { order, .. } = &subject.of {
                told["order"] = json!(order.id());
                told["state"] = json!(order.state_at(now).code());
            }
            if let Some(removal) = &removal {
                told["taken_off"] = on(removal).to_json();
            }
            format!("{told}\n")
        } else {
            let title = match &subject.of {
                Of::Home { order, .. } => title(order, zone, now),
                Of::File(_) => String::new(),
            };
            let off = removal.as_ref().map(|r| format!("\ntaken off:\n{}", on(r).to_text()));
            format!("{title}{}{}", on(&done).to_text(), off.unwrap_or_default())
        };
        std::io::stdout().lock().write_all(text.as_bytes()).context("cannot write to stdout")
    }

    fn of_file(&self, file: &Path) -> anyhow::Result<Subject> {
        let name = self.zone.as_deref().context("--zone: name a zone, such as America/New_York")?;
        let named = || format!("--zone: {name:?} is no zone; name one, such as America/New_York");
        let zone = Catalogue::open(None).rules(&ZoneName::new(name).with_context(named)?);
        let zone = zone.map_err(|error| anyhow!("--zone: {error}"))?;
        let shown = file.display();
        let text = std::fs::read_to_string(file).with_context(|| {
            format!("{shown} cannot be read; check its name and who may read it")
        })?;
        let (schedule, life) =
            order_file::read(&text).map_err(|fault| anyhow!("{shown}: {fault}"))?;
        Ok(Subject { zone, schedule, of: Of::File(life) })
    }
}

/// An order as the home's database has it, with the home's zone. Nothing is locked or written.
fn of_home(id: OrderId, config: &Path, now: Instant) -> anyhow::Result<Subject> {
    let config = Config::load(config)?;
    let zones = Catalogue::open(config.zoneinfo.as_deref());
    let policy = crate::server::policy(&config, &zones)?;
    let zone = zones.rules(&policy.zone)?;
    let facility = Slug::new(&policy.facility)?;
    let empty = Home::new(facility, policy, (*zone).clone());
    let place = crate::server::place(&config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let home = runtime.block_on(async {
        // The URL may carry a password.
        let reading = Store::open_to_read(&place).await;
        let mut reading = reading.context("the home's database cannot be read")?;
        anyhow::Ok(reading.home(empty, now).await?)
    })?;
    let order = home.orders.get(&id).cloned().with_context(|| {
        format!("--order: the home has no order {id} in use; GET /api/v1/orders lists them")
    })?;
    let (schedule, removal) = match &order.current.timing {
        Timing::Planned { schedule } => (schedule.clone(), None),
        Timing::Pair { apply, remove } => (apply.clone(), Some(remove.clone())),
        Timing::Prn { .. } | Timing::OnCall { .. } | Timing::Continuous => {
            bail!("--order: {id} has no planned times (PRN, on call, continuous); choose another")
        }
        Timing::Unschedulable { reason } => bail!(
            "--order: no due time can be worked out for {id} ({reason}); have it ordered anew \
             with what is missing"
        ),
    };
    let of = Of::Home { home: Box::new(home), order: Box::new(order), removal };
    Ok(Subject { zone, schedule, of })
}

fn title(order: &Order, zone: &ZoneRules, now: Instant) -> String {
    let state = order.state_at(now).code();
    let since = zone.to_offset_time(order.since);
    format!("{}, {}, {state} since {since}\n", order.current.drug.name, order.current.dose)
}
