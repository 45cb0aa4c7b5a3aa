//! The figures, for people and for programs.

use super::bare::Pace;
use serde::Serialize;
use std::fmt;

/// Latencies in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// Half took at most this.
    pub p50_us: u32,
    /// 99 in 100.
    pub p99_us: u32,
    /// 999 in 1,000.
    pub p999_us: u32,
    /// The longest.
    pub max_us: u32,
}

impl Latency {
    /// Of these measurements.
    #[must_use]
    pub fn of(mut all: Vec<u32>) -> Self {
        all.sort_unstable();
        let at = |permille: usize| {
            let place = (all.len() * permille).div_ceil(1000).saturating_sub(1);
            all.get(place).copied().unwrap_or(0)
        };
        Self {
            count: u64::try_from(all.len()).unwrap_or(u64::MAX),
            p50_us: at(500),
            p99_us: at(990),
            p999_us: at(999),
            max_us: at(1000),
        }
    }
}

/// What a run measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `sqlite` or `postgres`.
    pub engine: &'static str,
    /// Carts.
    pub carts: u32,
    /// Homes, one after the other, each with a server of its own.
    pub homes: u32,
    /// Residents and doses of each.
    pub home: Home,
    /// From a server's start to its ready line, the slowest; none for a server that ran before.
    pub ready_ms: Option<u64>,
    /// Administrations acknowledged.
    pub administrations: u64,
    /// Microseconds of load, and until the outbox had drained after it.
    pub load_us: u64,
    /// Of these, until the outbox had drained.
    pub drain_us: u64,
    /// Administrations a second, draining included.
    pub administrations_per_s: u64,
    /// Wristbands and packages.
    pub scan: Latency,
    /// TAKEN, each a whole pot.
    pub taken: Latency,
    /// The server's processor time, in microseconds.
    pub cpu_us_per_administration: Option<u64>,
    /// The most memory the server held.
    pub peak_kib: Option<u64>,
    /// Messages the broker took, and those it did not.
    pub outbox: Outbox,
    /// Rows a second of the bare durable commit loop.
    pub bare_per_s: u64,
    /// Administrations to bare rows, in thousandths.
    pub ratio_permille: u64,
}

/// The size of a home.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Home {
    /// Residents.
    pub residents: u64,
    /// Doses that could be given.
    pub doses: u64,
}

/// What became of the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outbox {
    /// Taken by the broker.
    pub sent: u64,
    /// Not taken.
    pub waiting: u64,
}

/// The ratio of the load to the bare loop, in thousandths.
#[must_use]
pub fn permille(load: Pace, bare: Pace) -> u64 {
    (load.per_second() * 1000).checked_div(bare.per_second()).unwrap_or(0)
}

fn ms(f: &mut fmt::Formatter<'_>, name: &str, l: Latency) -> fmt::Result {
    let ms = |us: u32| format!("{}.{:02}", us / 1000, us % 1000 / 10);
    let [p50, p99, p999, max] = [l.p50_us, l.p99_us, l.p999_us, l.max_us].map(ms);
    writeln!(f, "{name:<26}p50 {p50}  p99 {p99}  p99.9 {p999}  max {max} ms  ({})", l.count)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Home { residents, doses } = self.home;
        writeln!(
            f,
            "{} carts on {}, homes of {residents} residents and {doses} doses: {}",
            self.carts, self.engine, self.homes
        )?;
        if let Some(ready) = self.ready_ms {
            writeln!(f, "{:<26}{ready} ms", "start to ready")?;
        }
        let (load, drain) = (self.load_us / 1000, self.drain_us / 1000);
        writeln!(
            f,
            "{:<26}{} in {load} ms, of which {drain} ms draining the outbox",
            "administrations", self.administrations
        )?;
        writeln!(f, "{:<26}{} a second", "throughput", self.administrations_per_s)?;
        ms(f, "latency of a scan", self.scan)?;
        ms(f, "latency of TAKEN", self.taken)?;
        if let Some(us) = self.cpu_us_per_administration {
            writeln!(f, "{:<26}{us} us an administration", "processor")?;
        }
        if let Some(kib) = self.peak_kib {
            writeln!(f, "{:<26}{}.{} MiB at most", "memory", kib / 1024, kib % 1024 * 10 / 1024)?;
        }
        let Outbox { sent, waiting } = self.outbox;
        writeln!(f, "{:<26}{sent} sent, {waiting} waiting", "outbox")?;
        let (bare, ratio) = (self.bare_per_s, self.ratio_permille);
        write!(
            f,
            "{:<26}{bare} a second; this is {}.{} % of it",
            "bare loop",
            ratio / 10,
            ratio % 10
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let l = Latency::of((1..=1000).rev().collect());
        assert_eq!((l.count, l.p50_us, l.p99_us, l.p999_us, l.max_us), (1000, 500, 990, 999, 1000));
        assert_eq!(Latency::of(vec![7]).p999_us, 7);
        assert_eq!(Latency::of(Vec::new()), Latency::default());
        let pace = |done| Pace { done, micros: 1_000_000 };
        assert_eq!(permille(pace(300), pace(1000)), 300);
        assert_eq!(permille(pace(300), Pace::default()), 0);
    }
}
