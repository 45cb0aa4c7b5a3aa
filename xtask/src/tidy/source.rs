//! A source file split into code, strings and comments, so that a rule about one does not trip
//! over another.

use std::ops::Range;

/// A Rust or JavaScript file. The three views have the text's length and lines; what does not
/// belong to a view is blank there.
pub(super) struct Source {
    /// Relative to the root, with slashes.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) code: String,
    pub(super) strings: String,
    pub(super) comments: String,
    /// Lines (from 0) of test modules; the whole file when it is one.
    tests: Vec<Range<usize>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Text,
    Comment,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let parts = split(&chars, path.ends_with(".rs"));
        let view = |part| {
            let pairs = chars.iter().zip(&parts);
            pairs.map(|(c, p)| if *p == part || *c == '\n' { *c } else { ' ' }).collect::<String>()
        };
        let code = view(Part::Code);
        let whole = std::iter::once(0..usize::MAX);
        let tests = if is_test_file(path) { whole.collect() } else { test_modules(&code) };
        let (strings, comments) = (view(Part::Text), view(Part::Comment));
        Self { path: path.to_owned(), text: text.to_owned(), code, strings, comments, tests }
    }

    /// Whether a line (from 0) is test code.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&line))
    }

    /// Lines of a view outside tests, numbered from 0.
    pub(super) fn outside_tests<'a>(
        &self,
        view: &'a str,
    ) -> impl Iterator<Item = (usize, &'a str)> {
        view.lines().enumerate().filter(|(line, _)| !self.is_test(*line))
    }
}

fn is_test_file(path: &str) -> bool {
    let folder = |name| path.split('/').any(|part| part == name);
    folder("tests") || folder("benches") || path.ends_with("tests.rs") || path.ends_with(".test.js")
}

fn split(chars: &[char], rust: bool) -> Vec<Part> {
    let mut parts = vec![Part::Code; chars.len()];
    let mut at = 0;
    while at < chars.len() {
        let (part, length) = piece(chars, at, rust);
        parts[at..at + length].fill(part);
        at += length;
    }
    parts
}

/// The part that begins at `at`, and how long it is.
fn piece(chars: &[char], at: usize, rust: bool) -> (Part, usize) {
    let rest = &chars[at..];
    let next = rest.get(1).copied().unwrap_or(' ');
    match rest[0] {
        '/' if next == '/' => (Part::Comment, until(rest, 2, '\n')),
        '/' if next == '*' => (Part::Comment, block_comment(rest, rust)),
        '/' if !rust && regex_may_start(&chars[..at]) => (Part::Text, quoted(rest, '/')),
        '"' => (Part::Text, quoted(rest, '"')),
        '\'' | '`' if !rust => (Part::Text, quoted(rest, rest[0])),
        '\'' if next == '\\' || rest.get(2) == Some(&'\'') => (Part::Text, quoted(rest, '\'')),
        'r' if rust && !word_before(&chars[..at]) => match raw_string(rest) {
            Some(length) => (Part::Text, length),
            None => (Part::Code, 1),
        },
        _ => (Part::Code, 1),
    }
}

fn until(rest: &[char], from: usize, end: char) -> usize {
    rest[from..].iter().position(|c| *c == end).map_or(rest.len(), |found| from + found)
}

fn block_comment(rest: &[char], nested: bool) -> usize {
    let (mut depth, mut at) = (1, 2);
    while depth > 0 && at < rest.len() {
        match &rest[at..rest.len().min(at + 2)] {
            ['*', '/'] => (depth, at) = (depth - 1, at + 2),
            ['/', '*'] if nested => (depth, at) = (depth + 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn quoted(rest: &[char], end: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != end {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    rest.len().min(at + 1)
}

/// The length of `r"…"` or `r#"…"#` at the start.
fn raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = &rest[hashes + 2..];
    let close = body.windows(end.len()).position(|window| window == end);
    Some(close.map_or(rest.len(), |found| hashes + 2 + found + end.len()))
}

fn word_before(before: &[char]) -> bool {
    before.last().is_some_and(|c| *c != 'b' && (c.is_alphanumeric() || *c == '_'))
}

fn regex_may_start(before: &[char]) -> bool {
    let last = before.iter().rev().find(|c| !c.is_whitespace());
    last.is_none_or(|c| "(,=:[!&|?{};".contains(*c))
}

/// Lines of every `#[cfg(test)] mod … { … }`.
fn test_modules(code: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, marker) in code.match_indices("#[cfg(test)]") {
        let rest = &code[at + marker.len()..];
        let open = rest.find('{').unwrap_or(rest.len());
        let semicolon = rest.find(';').unwrap_or(rest.len());
        let length = if semicolon < open { semicolon } else { open + block(&rest[open..]) };
        let line = |end: usize| code[..end].matches('\n').count();
        found.push(line(at)..line(at + marker.len() + length) + 1);
    }
    found
}

/// The length of the block in braces or parentheses that begins the text.
pub(super) fn block(text: &str) -> usize {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' if depth <= 1 => return at + 1,
            '}' | ')' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_is_split() {
        let text = r##"let a = "x // y"; // say "b"
let c = '"'; let d: &'static str = r#"q " z"#; /* e /* f */ g */ h()"##;
        let source = Source::new("src/a.rs", text);
        let squeeze = |view: &str| view.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeeze(&source.code), "let a = ; let c = ; let d: &'static str = ; h()");
        assert_eq!(squeeze(&source.strings), r##""x // y" '"' r#"q " z"#"##);
        assert_eq!(squeeze(&source.comments), r#"// say "b" /* e /* f */ g */"#);
    }

    #[test]
    fn javascript_is_split() {
        let source = Source::new("web/a.js", "const a = 'it // is', b = /[\"']/g; // c\nd / e");
        assert!(!source.code.contains('"') && source.code.contains("d / e"));
        assert!(source.comments.contains("// c"));
    }

    #[test]
    fn test_modules_end_where_they_end() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { \"}\"; }\n}\nfn c() {}\n";
        let source = Source::new("src/a.rs", text);
        let outside: Vec<_> = source.outside_tests(&source.code).map(|(line, _)| line).collect();
        assert_eq!(outside, [0, 5]);
        assert!(Source::new("tests/it/a.rs", text).is_test(0));
    }
}
