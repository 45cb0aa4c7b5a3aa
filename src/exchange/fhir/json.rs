//! JSON as a tree that keeps what FHIR needs kept: numbers as their digits (`1.0` is not `1`),
//! members in order, a pointer to every node. A member named twice is a fault, not a choice.

use serde::Deserializer as _;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fmt;

/// Deepest nesting read; FHIR messages stay below 20.
pub const DEPTH_MAX: u32 = 32;

/// One JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// The digits as written.
    Number(String),
    /// Text, unescaped.
    Text(String),
    /// Elements in order.
    Array(Vec<Node>),
    /// Members in order, names unique.
    Object(Vec<(String, Node)>),
}

/// Why bytes are no JSON to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadJson {
    /// Not JSON, or not UTF-8; the parser's words.
    #[error("this is not JSON: {0}")]
    Syntax(String),
    /// Nested deeper than [`DEPTH_MAX`]; the pointer leads there.
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep(String),
}

/// Reads a whole document; a byte order mark in front is skipped.
///
/// # Errors
/// [`BadJson`] for bad syntax, a member named twice, or too deep nesting.
pub fn parse(bytes: &[u8]) -> Result<Node, BadJson> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let raw: &RawValue = serde_json::from_slice(bytes).map_err(syntax)?;
    node(raw, 1, "")
}

// Taken by value because `map_err` hands it over so.
fn syntax(e: serde_json::Error) -> BadJson {
    BadJson::Syntax(e.to_string())
}

fn node(raw: &RawValue, depth: u32, pointer: &str) -> Result<Node, BadJson> {
    if depth > DEPTH_MAX {
        return Err(BadJson::TooDeep(pointer.to_owned()));
    }
    let text = raw.get();
    let read = |at: &str| BadJson::Syntax(format!("{at} at {pointer:?}"));
    match text.as_bytes().first() {
        Some(b'n') => Ok(Node::Null),
        Some(b't') => Ok(Node::Bool(true)),
        Some(b'f') => Ok(Node::Bool(false)),
        Some(b'"') => serde_json::from_str(text).map(Node::Text).map_err(|e| read(&e.to_string())),
        Some(b'[') => {
            let elements: Vec<&RawValue> =
                serde_json::from_str(text).map_err(|e| read(&e.to_string()))?;
            let element = |(i, raw)| node(raw, depth + 1, &format!("{pointer}/{i}"));
            elements.into_iter().enumerate().map(element).collect::<Result<_, _>>().map(Node::Array)
        }
        Some(b'{') => {
            let members = serde_json::Deserializer::from_str(text)
                .deserialize_map(Members)
                .map_err(|e| read(&e.to_string()))?;
            let member = |(name, raw): (String, &RawValue)| {
                let node = node(raw, depth + 1, &join(pointer, &name))?;
                Ok((name, node))
            };
            members.into_iter().map(member).collect::<Result<_, _>>().map(Node::Object)
        }
        _ => Ok(Node::Number(text.to_owned())),
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut members, mut names) = (Vec::new(), BTreeSet::new());
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            // Two readers would choose differently, so neither choice is safe.
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("the member {name:?} is there twice")));
            }
            members.push((name, value));
        }
        Ok(members)
    }
}

fn join(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Node {
    /// The member of an object.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Node> {
        match self {
            Self::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<Node>> for Node {
    fn from(elements: Vec<Node>) -> Self {
        Self::Array(elements)
    }
}

impl Node {
    /// An object of these members; those that are `null` or empty lists are left out, as FHIR asks.
    #[must_use]
    pub fn object<const N: usize>(members: [(&str, Node); N]) -> Self {
        let there = |(_, node): &(&str, Node)| {
            !matches!(node, Node::Null) && *node != Node::Array(Vec::new())
        };
        let named = |(name, node): (&str, Node)| (name.to_owned(), node);
        Self::Object(members.into_iter().filter(there).map(named).collect())
    }
}

impl fmt::Display for Node {
    /// Compact JSON; numbers with the digits they were made of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl Node {
    fn write(&self, to: &mut Vec<u8>) -> serde_json::Result<()> {
        match self {
            Self::Null => to.extend(b"null"),
            Self::Bool(true) => to.extend(b"true"),
            Self::Bool(false) => to.extend(b"false"),
            Self::Number(digits) => to.extend(digits.as_bytes()),
            Self::Text(text) => serde_json::to_writer(to, text)?,
            Self::Array(elements) => {
                to.push(b'[');
                for (i, element) in elements.iter().enumerate() {
                    to.extend((i > 0).then_some(b','));
                    element.write(to)?;
                }
                to.push(b']');
            }
            Self::Object(members) => {
                to.push(b'{');
                for (i, (name, node)) in members.iter().enumerate() {
                    to.extend((i > 0).then_some(b','));
                    serde_json::to_writer(&mut *to, name)?;
                    to.push(b':');
                    node.write(to)?;
                }
                to.push(b'}');
            }
        }
        Ok(())
    }
}

/// A node and the JSON pointer (RFC 6901) that leads to it.
#[derive(Clone, Debug)]
pub struct At<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its pointer in the document as received.
    pub pointer: String,
}

/// A known member has another type than FHIR gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongType {
    /// Where.
    pub pointer: String,
    /// In words.
    pub why: String,
}

/// What reading a member of a known type gives.
pub type Typed<T> = Result<T, WrongType>;

impl<'a> At<'a> {
    /// The root of a document.
    #[must_use]
    pub fn root(node: &'a Node) -> Self {
        Self { node, pointer: String::new() }
    }

    /// The pointer of a member, there or not.
    #[must_use]
    pub fn to(&self, name: &str) -> String {
        join(&self.pointer, name)
    }

    /// A member, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<At<'a>> {
        let node = self.node.member(name)?;
        Some(At { node, pointer: self.to(name) })
    }

    /// The members of an object, none of anything else.
    #[must_use]
    pub fn members(&self) -> Vec<(&'a str, At<'a>)> {
        let Node::Object(members) = self.node else { return Vec::new() };
        let at =
            |(name, node): &'a (String, Node)| (name.as_str(), At { node, pointer: self.to(name) });
        members.iter().map(at).collect()
    }

    /// A member that is a list of objects or texts; absent: empty.
    ///
    /// # Errors
    /// [`WrongType`] when it is no list.
    pub fn list(&self, name: &str) -> Typed<Vec<At<'a>>> {
        let Some(at) = self.get(name) else { return Ok(Vec::new()) };
        let Node::Array(elements) = at.node else { return Err(at.wrong("a list")) };
        let element = |(i, node)| At { node, pointer: format!("{}/{i}", at.pointer) };
        Ok(elements.iter().enumerate().map(element).collect())
    }

    /// A member that is text.
    ///
    /// # Errors
    /// [`WrongType`] when it is something else.
    pub fn text(&self, name: &str) -> Typed<Option<&'a str>> {
        self.get(name).map(|at| at.as_text()).transpose()
    }

    /// A member that is a number, as its digits.
    ///
    /// # Errors
    /// [`WrongType`] when it is something else.
    pub fn digits(&self, name: &str) -> Typed<Option<&'a str>> {
        let read = |at: At<'a>| match at.node {
            Node::Number(digits) => Ok(digits.as_str()),
            _ => Err(at.wrong("a number")),
        };
        self.get(name).map(read).transpose()
    }

    /// A member that is true or false.
    ///
    /// # Errors
    /// [`WrongType`] when it is something else.
    pub fn flag(&self, name: &str) -> Typed<Option<bool>> {
        let read = |at: At<'a>| match at.node {
            Node::Bool(flag) => Ok(*flag),
            _ => Err(at.wrong("true or false")),
        };
        self.get(name).map(read).transpose()
    }

    /// A member that is an object.
    ///
    /// # Errors
    /// [`WrongType`] when it is something else.
    pub fn object(&self, name: &str) -> Typed<Option<At<'a>>> {
        let read = |at: At<'a>| match at.node {
            Node::Object(_) => Ok(at),
            _ => Err(at.wrong("an object")),
        };
        self.get(name).map(read).transpose()
    }

    /// The text here.
    ///
    /// # Errors
    /// [`WrongType`] when it is something else.
    pub fn as_text(&self) -> Typed<&'a str> {
        match self.node {
            Node::Text(text) => Ok(text),
            _ => Err(self.wrong("text")),
        }
    }

    fn wrong(&self, wanted: &str) -> WrongType {
        let why = format!("must be {wanted} and is {}", self.node.kind());
        WrongType { pointer: self.pointer.clone(), why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_order_and_text_are_kept_as_written() {
        let node = parse(br#"{"b":1.0,"a":["\u00e9\n",1e3,null,true]}"#).unwrap();
        assert_eq!(
            node,
            Node::Object(vec![
                ("b".into(), Node::Number("1.0".into())),
                (
                    "a".into(),
                    Node::Array(vec![
                        Node::Text("é\n".into()),
                        Node::Number("1e3".into()),
                        Node::Null,
                        Node::Bool(true),
                    ]),
                ),
            ])
        );
    }

    #[test]
    fn bad_documents_are_named() {
        for bad in ["", "{", "[1,]", "{\"a\":1 \"b\":2}", "\"\\ud800\"", "{\"a\":1,\"\\u0061\":2}"]
        {
            assert!(matches!(parse(bad.as_bytes()), Err(BadJson::Syntax(_))), "{bad}");
        }
        assert!(matches!(parse(b"\"\xff\""), Err(BadJson::Syntax(_))));
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert_eq!(parse(nested(33).as_bytes()), Err(BadJson::TooDeep("/0".repeat(32))));
        assert!(parse(nested(500_000).as_bytes()).is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = r#"{"a":[],"b":{"c\"":-1.50e0},"d":["\u0000é\n",null,false]}"#;
        let node = parse(text.as_bytes()).unwrap();
        assert_eq!(node.to_string(), text);
    }

    #[test]
    fn pointers_are_escaped() {
        let node = parse(br#"{"a/b":[{"m~n":1}]}"#).unwrap();
        let at = At::root(&node).list("a/b").unwrap()[0].get("m~n").unwrap();
        assert_eq!(at.pointer, "/a~1b/0/m~0n");
    }
}
