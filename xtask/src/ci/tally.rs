//! How many tests passed, read from what the runners print.

/// Counts of one step or of all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) ignored: u32,
}

impl Tally {
    /// Adds the counts a line of output states; any other line adds nothing.
    ///
    /// Read are `test result: ok. 3 passed; 0 failed; 0 ignored; …` of the test harness and
    /// `3 passed, 0 failed` of the conformance score.
    pub(super) fn read(&mut self, line: &str) {
        let counts = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "));
        let Some(counts) = counts.map(|(_, counts)| counts).or_else(|| score(line)) else {
            return;
        };
        for part in counts.split([';', ',']) {
            let Some((count, what)) = part.trim().split_once(' ') else { continue };
            let Ok(count) = count.parse::<u32>() else { continue };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }

    /// Adds the counts of another step.
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

fn score(line: &str) -> Option<&str> {
    let (passed, failed) = line.split_once(", ")?;
    let count = |text: &str, end| text.strip_suffix(end)?.parse::<u32>().ok();
    count(passed, " passed").and(count(failed, " failed")).map(|_| line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_closing_lines_only() {
        let cases = [
            (
                "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out",
                (3, 0, 1),
            ),
            (
                "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered",
                (2, 1, 0),
            ),
            ("646 passed, 29 failed", (646, 29, 0)),
            ("barcode: 646 passed, 29 failed", (0, 0, 0)),
            ("running 3 tests", (0, 0, 0)),
            ("it said 3 passed, honestly", (0, 0, 0)),
        ];
        for (line, (passed, failed, ignored)) in cases {
            let mut tally = Tally::default();
            tally.read(line);
            assert_eq!(tally, Tally { passed, failed, ignored }, "{line}");
        }
    }
}
