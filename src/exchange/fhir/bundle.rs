//! The resources of a document, and references between them.

use super::json::{At, Node};
use super::reason::{Code, Reasons};
use std::collections::BTreeMap;

/// One resource of a document.
pub(crate) struct Record<'a> {
    /// Its type.
    pub(crate) kind: &'a str,
    /// The resource.
    pub(crate) resource: At<'a>,
}

/// All resources of a document.
pub(crate) struct Batch<'a> {
    entries: Vec<Record<'a>>,
    /// By `fullUrl` and by `Type/id`; `None` where two resources claim one name.
    index: BTreeMap<String, Option<usize>>,
}

impl<'a> Batch<'a> {
    /// The resource itself, or the entries of a Bundle of records.
    pub(crate) fn of(root: &At<'a>, most: usize, reasons: &mut Reasons) -> Option<Self> {
        let Some(kind) = reasons.read(root.text("resourceType")) else {
            let why = "no resourceType: this is not a FHIR resource";
            reasons.add(Code::Malformed, root.to("resourceType"), why.to_owned());
            return None;
        };
        if kind != "Bundle" {
            must_understand(root, reasons);
            let mut batch = Self { entries: Vec::new(), index: BTreeMap::new() };
            batch.push(None, Record { kind, resource: root.clone() });
            return Some(batch);
        }
        must_understand_here(root, reasons);
        let bundle = reasons.read(root.text("type")).unwrap_or_default();
        if !matches!(bundle, "collection" | "transaction" | "batch" | "searchset" | "message") {
            let why = format!("a Bundle of type {bundle:?} is not a set of records to take over");
            reasons.add(Code::NotSupported, root.to("type"), why);
            return None;
        }
        Self::of_entries(root, most, reasons)
    }

    fn of_entries(root: &At<'a>, most: usize, reasons: &mut Reasons) -> Option<Self> {
        let entries = reasons.read(root.list("entry"));
        if entries.len() > most {
            let why = format!("{} entries; {most} is the most: split it", entries.len());
            reasons.add(Code::Malformed, root.to("entry"), why);
            return None;
        }
        let mut batch = Self { entries: Vec::new(), index: BTreeMap::new() };
        for entry in &entries {
            let request = reasons.read(entry.object("request"));
            let method = request.as_ref().and_then(|r| reasons.read(r.text("method")));
            if let Some(method) = method.filter(|m| !matches!(*m, "POST" | "PUT")) {
                let why = format!("{method:?} is not carried out: only POST and PUT are");
                reasons.add(Code::NotSupported, entry.to("request"), why);
                continue;
            }
            let Some(resource) = reasons.read(entry.object("resource")) else {
                let why = "an entry without a resource".to_owned();
                reasons.add(Code::Malformed, entry.pointer.clone(), why);
                continue;
            };
            let Some(kind) = reasons.read(resource.text("resourceType")) else {
                let why = "no resourceType".to_owned();
                reasons.add(Code::Malformed, resource.to("resourceType"), why);
                continue;
            };
            const READ: [&str; 6] = [
                "Patient",
                "AllergyIntolerance",
                "MedicationRequest",
                "MedicationDispense",
                "Medication",
                "MessageHeader",
            ];
            if READ.contains(&kind) {
                must_understand(&resource, reasons);
            }
            let url = reasons.read(entry.text("fullUrl"));
            batch.push(url, Record { kind, resource });
        }
        Some(batch)
    }

    fn push(&mut self, url: Option<&str>, record: Record<'a>) {
        let place = self.entries.len();
        let id = record.resource.text("id").ok().flatten();
        let local = id.map(|id| format!("{}/{id}", record.kind));
        let names = [url.map(str::to_owned), local];
        let mut names: Vec<String> = names.into_iter().flatten().collect();
        names.dedup();
        for name in names {
            self.index.entry(name).and_modify(|e| *e = None).or_insert(Some(place));
        }
        self.entries.push(record);
    }

    pub(crate) fn entries(&self) -> &[Record<'a>] {
        &self.entries
    }

    pub(crate) fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &At<'a>> {
        self.entries.iter().filter(move |e| e.kind == kind).map(|e| &e.resource)
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.kind.to_owned()).or_insert(0) += 1;
        }
        counts
    }

    /// What a reference inside `from` (a whole resource) leads to, in this document.
    pub(crate) fn resolve(&self, from: &At<'a>, reference: &str) -> Option<At<'a>> {
        if let Some(id) = reference.strip_prefix('#') {
            let contained = from.list("contained").ok()?;
            let mut same = contained.into_iter().filter(|c| c.text("id") == Ok(Some(id)));
            let found = same.next()?;
            return if same.next().is_none() { Some(found) } else { None };
        }
        let place = (*self.index.get(reference)?)?;
        Some(self.entries.get(place)?.resource.clone())
    }
}

/// Refuses what FHIR forbids to ignore, anywhere inside a resource.
fn must_understand(at: &At<'_>, reasons: &mut Reasons) {
    must_understand_here(at, reasons);
    for (_, member) in at.members() {
        match member.node {
            Node::Object(_) => must_understand(&member, reasons),
            Node::Array(_) => {
                let Node::Array(list) = member.node else { continue };
                for (i, node) in list.iter().enumerate() {
                    let pointer = format!("{}/{i}", member.pointer);
                    must_understand(&At { node, pointer }, reasons);
                }
            }
            _ => {}
        }
    }
}

fn must_understand_here(at: &At<'_>, reasons: &mut Reasons) {
    if let Some(found) = at.get("modifierExtension") {
        let why = "a modifier extension that is not known here changes what this means";
        reasons.add(Code::MustUnderstand, found.pointer, why.to_owned());
    }
    if let Some(found) = at.get("implicitRules") {
        let why = "implicit rules are not known here and may change what this means";
        reasons.add(Code::MustUnderstand, found.pointer, why.to_owned());
    }
}
