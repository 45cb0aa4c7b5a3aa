//! The stream cases: bytes of a scanner to scans.
use emar_domain::scan::framing::{
    Dedup, Frame, Framer, LineConfig, LineFramer, Reply, SsiConfig, SsiFramer, Suffix,
};
use serde_json::{Value, json};

/// What the framer makes of the chunks, followed by endless silence.
pub(super) fn answer(case: &Value) -> Result<Value, String> {
    let config = case.get("config").ok_or("the case has no config")?;
    let proto = super::text(case, "proto")?;
    let mut framer = match proto {
        "line" => Framer::Line(LineFramer::new(line(config)?)),
        "ssi" => Framer::Ssi(SsiFramer::new(ssi(config)?)),
        other => return Err(format!("the proto {other:?} is not known")),
    };
    let (mut now_ms, mut frames, mut replies) = (0u64, Vec::new(), Vec::new());
    let chunks = case.get("chunks").and_then(Value::as_array).ok_or("the case has no chunks")?;
    for chunk in chunks {
        now_ms = now_ms.saturating_add(number(chunk, "gap_ms")?);
        framer.feed(now_ms, &bytes(super::text(chunk, "hex")?)?, &mut frames, &mut replies);
    }
    framer.silence(u64::MAX, &mut frames);
    let mut answer = answer_of(&frames, given(config, "dedup_window_ms")?);
    if proto == "ssi" {
        answer["replies"] = replies.into_iter().map(Reply::code).collect();
    }
    Ok(answer)
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

fn line(config: &Value) -> Result<LineConfig, String> {
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
    let prefix = config.get("prefix").filter(|value| !value.is_null());
    Ok(LineConfig {
        suffix,
        prefix: prefix.map_or(Ok(Vec::new()), |_| bytes(super::text(config, "prefix")?))?,
        idle_ms: given(config, "idle_ms")?.unwrap_or(defaults.idle_ms),
        max_len: max_len(config)?.unwrap_or(defaults.max_len),
        told: false,
        dedup_window_ms: given(config, "dedup_window_ms")?,
    })
}

fn ssi(config: &Value) -> Result<SsiConfig, String> {
    let defaults = SsiConfig::default();
    Ok(SsiConfig {
        idle_ms: given(config, "idle_ms")?.unwrap_or(defaults.idle_ms),
        max_len: max_len(config)?.unwrap_or(defaults.max_len),
    })
}

fn max_len(config: &Value) -> Result<Option<u32>, String> {
    let length = given(config, "max_len")?.map(u32::try_from).transpose();
    length.map_err(|_| "max_len is too big".into())
}

/// A number that may be left out.
fn given(object: &Value, name: &str) -> Result<Option<u64>, String> {
    object.get(name).filter(|value| !value.is_null()).map(|_| number(object, name)).transpose()
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
