//! The stream cases: bytes of a scanner to scans.
use emar_domain::scan::framing::{Dedup, Frame, LineConfig, LineFramer, Suffix};
use serde_json::{Value, json};

/// What the framer makes of the chunks, followed by endless silence.
pub(super) fn answer(case: &Value) -> Result<Value, String> {
    if super::text(case, "proto")? != "line" {
        return Err("only line framing is read yet".into());
    }
    let config = config(case.get("config").ok_or("the case has no config")?)?;
    let dedup_window_ms = config.dedup_window_ms;
    let mut framer = LineFramer::new(config);
    let (mut now_ms, mut frames) = (0u64, Vec::new());
    let chunks = case.get("chunks").and_then(Value::as_array).ok_or("the case has no chunks")?;
    for chunk in chunks {
        now_ms = now_ms.saturating_add(number(chunk, "gap_ms")?);
        framer.feed(now_ms, &bytes(super::text(chunk, "hex")?)?, &mut frames);
    }
    framer.silence(u64::MAX, &mut frames);
    Ok(answer_of(&frames, dedup_window_ms))
}

fn answer_of(frames: &[Frame], dedup_window_ms: Option<u64>) -> Value {
    let (mut scans, mut errors, mut after) = (Vec::new(), Vec::new(), Vec::new());
    let mut dedup = Dedup::new(dedup_window_ms.unwrap_or_default());
    for frame in frames {
        match frame {
            Frame::Error { error, .. } => errors.push(error.code()),
            Frame::Scan { at_ms, text } => {
                scans.push(text);
                if dedup.admit(*at_ms, text) {
                    after.push(text);
                }
            }
        }
    }
    let mut answer = json!({"scans": scans, "errors": errors});
    if dedup_window_ms.is_some() {
        answer["after_dedup"] = json!(after);
    }
    answer
}

fn config(config: &Value) -> Result<LineConfig, String> {
    let defaults = LineConfig::default();
    let suffix = match super::text(config, "suffix")? {
        "CR" => Suffix::Cr,
        "LF" => Suffix::Lf,
        "CRLF" => Suffix::CrLf,
        "TAB" => Suffix::Tab,
        "AUTO" => Suffix::Auto,
        "ETX" => Suffix::Etx,
        "NONE" => Suffix::None,
        other => return Err(format!("the suffix {other:?} is not known")),
    };
    let given = |name| config.get(name).filter(|value| !value.is_null());
    let max_len = match given("max_len") {
        Some(_) => u32::try_from(number(config, "max_len")?).map_err(|_| "max_len is too big")?,
        None => defaults.max_len,
    };
    Ok(LineConfig {
        suffix,
        prefix: given("prefix")
            .map_or(Ok(Vec::new()), |_| bytes(super::text(config, "prefix")?))?,
        idle_ms: given("idle_ms").map_or(Ok(defaults.idle_ms), |_| number(config, "idle_ms"))?,
        max_len,
        dedup_window_ms: given("dedup_window_ms")
            .map(|_| number(config, "dedup_window_ms"))
            .transpose()?,
    })
}

fn number(object: &Value, name: &str) -> Result<u64, String> {
    let value = object.get(name).and_then(Value::as_u64);
    value.ok_or_else(|| format!("{name} is not a whole number of at least 0"))
}

fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    if !hex.is_ascii() || !hex.len().is_multiple_of(2) {
        return Err("hex must be pairs of hexadecimal digits".into());
    }
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).map_err(|error| format!("hex: {error}")))
        .collect()
}
