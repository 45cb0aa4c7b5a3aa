//! Bans, licences and sources of every dependency, as `deny.toml` says.
//!
//! `deny.toml` is cargo-deny's own file and `cargo deny check bans licenses sources` reads it too.
//! That tool takes longer to build than all of this workspace, so `cargo ci` has this check of the
//! part of the file in use; a setting it does not know is an error, so nothing written there is
//! without effect.

use crate::{spdx, workspace};
use anyhow::{Context, Result, bail};
use semver::{Version, VersionReq};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use toml::Table;

/// What `deny.toml` says.
struct Policy {
    banned: Vec<Ban>,
    licences: BTreeSet<String>,
    licence_exceptions: BTreeMap<String, BTreeSet<String>>,
    registries: BTreeSet<String>,
}

/// A crate that must not be in the tree, and why.
struct Ban {
    name: String,
    versions: VersionReq,
    reason: String,
}

/// A dependency as `cargo metadata` tells it.
struct Dependency {
    name: String,
    version: Version,
    licence: Option<String>,
    /// `None` for our own crates.
    source: Option<String>,
}

/// Checks the whole tree, every platform and feature.
///
/// # Errors
/// Lists every dependency that offends, with the rule.
pub(crate) fn run() -> Result<()> {
    let path = workspace::root().join("deny.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let policy = policy(&text).context("deny.toml")?;
    let args = ["metadata", "--format-version", "1", "--locked", "--all-features"];
    let tree = dependencies(&workspace::read(&mut workspace::cargo(&args))?)?;
    let mut offences = Vec::new();
    for dependency in &tree {
        offences.extend(offences_of(dependency, &policy));
    }
    println!("deny: {} crates, {} offences", tree.len(), offences.len());
    if offences.is_empty() { Ok(()) } else { bail!("{}", offences.join("\n")) }
}

fn offences_of(dependency: &Dependency, policy: &Policy) -> Vec<String> {
    let Dependency { name, version, licence, source } = dependency;
    let mut found = Vec::new();
    for ban in policy.banned.iter().filter(|ban| ban.name == *name) {
        if ban.versions.matches(version) {
            found.push(format!("{name} {version} is banned: {}", ban.reason));
        }
    }
    let Some(source) = source else { return found };
    let registry = source.strip_prefix("registry+").or(source.strip_prefix("sparse+"));
    if !registry.is_some_and(|url| policy.registries.contains(url)) {
        found.push(format!("{name} {version} comes from {source}, which is not allowed"));
    }
    let list = policy.licence_exceptions.get(name).unwrap_or(&policy.licences);
    match licence.as_deref().map(|text| spdx::allowed(text, list)) {
        Some(Ok(true)) => {}
        Some(Ok(false)) => found.push(format!(
            "{name} {version}: the licence {} is not allowed",
            licence.as_deref().unwrap_or_default()
        )),
        Some(Err(error)) => found.push(format!("{name} {version}: licence: {error:#}")),
        None => found.push(format!("{name} {version} states no licence")),
    }
    found
}

fn policy(text: &str) -> Result<Policy> {
    let file: Table = text.parse()?;
    only(&file, "the file", &["graph", "bans", "licenses", "sources"])?;
    let section = |name: &str| {
        file.get(name).and_then(toml::Value::as_table).with_context(|| format!("no [{name}]"))
    };
    let (bans, licences, sources) = (section("bans")?, section("licenses")?, section("sources")?);
    only(section("graph")?, "[graph]", &["all-features"])?;
    only(bans, "[bans]", &["multiple-versions", "deny"])?;
    only(licences, "[licenses]", &["allow", "exceptions", "private"])?;
    only(sources, "[sources]", &["unknown-registry", "unknown-git", "allow-registry"])?;
    let mut licence_exceptions = BTreeMap::new();
    for entry in rows(licences, "exceptions")? {
        only(entry, "an exception", &["crate", "allow"])?;
        licence_exceptions.insert(string(entry, "crate")?, strings(entry, "allow")?);
    }
    Ok(Policy {
        banned: rows(bans, "deny")?.into_iter().map(ban).collect::<Result<_>>()?,
        licences: strings(licences, "allow")?,
        licence_exceptions,
        registries: strings(sources, "allow-registry")?,
    })
}

/// `crate = "name"` or `crate = "name:<version requirement>"`, with a reason.
fn ban(entry: &Table) -> Result<Ban> {
    only(entry, "a ban", &["crate", "reason"])?;
    let (spec, reason) = (string(entry, "crate")?, string(entry, "reason")?);
    let (name, versions) = spec.split_once(':').unwrap_or((&spec, "*"));
    let versions = versions.parse().with_context(|| format!("the ban of {spec}"))?;
    Ok(Ban { name: name.to_owned(), versions, reason })
}

fn dependencies(metadata: &str) -> Result<Vec<Dependency>> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let packages = metadata["packages"].as_array().context("metadata without packages")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let read = |package: &Value| {
        Ok(Dependency {
            name: text(&package["name"]).context("a package without a name")?,
            version: text(&package["version"]).context("a package without a version")?.parse()?,
            licence: text(&package["license"]),
            source: text(&package["source"]),
        })
    };
    packages.iter().map(read).collect()
}

fn only(table: &Table, place: &str, known: &[&str]) -> Result<()> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => bail!("`{key}` in {place} is not known to this check; teach it in xtask"),
        None => Ok(()),
    }
}

fn rows<'a>(table: &'a Table, key: &str) -> Result<Vec<&'a Table>> {
    let Some(rows) = table.get(key) else { return Ok(Vec::new()) };
    let rows = rows.as_array().with_context(|| format!("{key} is not a list"))?;
    rows.iter().map(|row| row.as_table().with_context(|| format!("{key} holds no table"))).collect()
}

fn string(table: &Table, key: &str) -> Result<String> {
    table
        .get(key)
        .and_then(toml::Value::as_str)
        .map(str::to_owned)
        .with_context(|| format!("no {key}"))
}

fn strings(table: &Table, key: &str) -> Result<BTreeSet<String>> {
    let list =
        table.get(key).and_then(toml::Value::as_array).with_context(|| format!("no {key}"))?;
    let text = |value: &toml::Value| value.as_str().map(str::to_owned);
    list.iter().map(|value| text(value).with_context(|| format!("{key} holds no text"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [graph]
        [bans]
        deny = [
          { crate = "openssl", reason = "C" },
          { crate = "rustls-webpki:<0.103", reason = "old" },
        ]
        [licenses]
        allow = ["MIT"]
        exceptions = [{ crate = "odd", allow = ["Zlib"] }]
        [sources]
        allow-registry = ["https://registry"]
    "#;

    fn offences(name: &str, version: &str, licence: Option<&str>, source: Option<&str>) -> usize {
        let dependency = Dependency {
            name: name.to_owned(),
            version: version.parse().expect("a version"),
            licence: licence.map(str::to_owned),
            source: source.map(str::to_owned),
        };
        offences_of(&dependency, &policy(FILE).expect("a policy")).len()
    }

    #[test]
    fn each_rule_finds_its_offender_and_nothing_else() {
        let here = Some("registry+https://registry");
        let mit = Some("MIT");
        assert_eq!(offences("serde", "1.0.0", mit, here), 0);
        assert_eq!(offences("openssl", "0.10.1", mit, here), 1);
        assert_eq!(offences("rustls-webpki", "0.102.8", mit, here), 1);
        assert_eq!(offences("rustls-webpki", "0.103.0", mit, here), 0);
        assert_eq!(offences("serde", "1.0.0", Some("GPL-3.0-only"), here), 1);
        assert_eq!(offences("odd", "1.0.0", Some("Zlib"), here), 0);
        assert_eq!(offences("serde", "1.0.0", None, here), 1);
        assert_eq!(offences("serde", "1.0.0", mit, Some("git+https://elsewhere")), 1);
        assert_eq!(offences("emar", "0.1.0", None, None), 0);
    }

    #[test]
    fn a_setting_without_effect_is_refused() {
        assert!(policy(&FILE.replace("[graph]", "[graph]\ntargets = []")).is_err());
    }
}
