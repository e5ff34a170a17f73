//! What of a build's definition decides its image: all but where it goes, what only speeds it up, and what the clock, the
//! commit or the run says.

use jiff::Timestamp;

use super::part::Part;
use crate::bake::target::{Entry, Policy, Resources, Secret, Ssh, Target, Text};
use crate::bake::values::Mark;
use crate::plan::{Build, Image, Leg};

/// What stands behind the name of a part whose value is the form of what the clock says, or has one for the commit, or is left
/// to the facts of the run. No other part has such a name.
const CLOCK: &str = " (clock)";
const COMMIT: &str = " (commit)";
const FACT: &str = " (fact)";

/// The fewest digits by which a commit is known.
const FEWEST_DIGITS: usize = 7;

/// The fields of an output that say where it goes.
const DESTINATION: [&str; 8] =
    ["name", "dest", "push", "push-by-digest", "name-canonical", "store", "unpack", "tar"];

/// The cache that stands in the image itself.
const INLINE: &str = "inline";

/// The seconds since 1970, as a form of times.
const SECONDS: &str = "9999999999";

/// The forms of times, with `9` for each digit: those of `timestamp()`, and what is usual in names and labels.
const TIMES: [&str; 11] = [
    "9999-99-99",
    "9999-99-99T99:99Z",
    "9999-99-99T99:99:99",
    "9999-99-99T99:99:99Z",
    "9999-99-99 99:99:99",
    "99999999",
    SECONDS,
    "99999999999999",
    "99999999-999999",
    "99999999T999999Z",
    "99999999.999999",
];

/// The form of a text that the clock had a part in, if that is the time of the evaluation and nothing else. Another time may be
/// one that the definition has in words and that the clock only chose, or one that it counts from now.
fn form_of_now(text: &str, now: Timestamp) -> Option<&'static str> {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let form = TIMES.into_iter().find(|time| *time == form)?;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_now = if form == SECONDS {
        digits == now.as_second().to_string()
    } else {
        now.strftime("%Y%m%d%H%M%S").to_string().starts_with(&digits)
    };
    is_now.then_some(form)
}

/// What values may say of the run.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    /// Its commit.
    pub(super) commit: Option<&'a str>,
    /// When the definition was evaluated.
    pub(super) now: Timestamp,
}

/// What of the definition decides the image.
pub(super) struct Definition {
    /// What counts, in order.
    pub(super) parts: Vec<Part>,
    /// Why it cannot be known what is built.
    pub(super) unknown: Vec<String>,
}

/// Reads the definition of a leg and what its image says; `source` is the target that the leg is of.
pub(super) fn read(
    leg: &Leg,
    source: Option<&Target>,
    image: &Image,
    build: &Build,
    moment: Moment<'_>,
) -> Definition {
    let mut reader = Reader { moment, is_linked: false, parts: Vec::new(), unknown: Vec::new() };
    reader.target(&leg.definition, source);
    if let Some(platform) = &leg.platform {
        reader.add("platform", platform.as_str());
    }
    for (key, value) in &image.annotations {
        let name = format!("annotation of the index {key}");
        if image.of_facts.contains(key) { reader.fact(&name) } else { reader.said(&name, value) }
    }
    for (key, value) in &build.descriptor_annotations {
        reader.said(&format!("annotation of the descriptor {key}"), value);
    }
    reader.add("index", if image.index { "true" } else { "false" });
    let Reader { parts, unknown, .. } = reader;
    Definition { parts, unknown }
}

/// Reads the definition of what is only linked to; `source` is the target that it is of. Whether this run publishes it, too,
/// does not count: what is written beside an image does not come into one that is built from it.
pub(super) fn read_linked(target: &Target, source: Option<&Target>, moment: Moment<'_>) -> Definition {
    let mut reader = Reader { moment, is_linked: true, parts: Vec::new(), unknown: Vec::new() };
    reader.target(target, source);
    let Reader { parts, unknown, .. } = reader;
    Definition { parts, unknown }
}

struct Reader<'a> {
    moment: Moment<'a>,
    /// Whether only the content of the image counts.
    is_linked: bool,
    parts: Vec<Part>,
    unknown: Vec<String>,
}

impl Reader<'_> {
    fn target(&mut self, target: &Target, source: Option<&Target>) {
        let Target {
            args,
            labels,
            annotations,
            attest,
            target: stage,
            secret,
            ssh,
            network,
            shm_size,
            ulimits,
            resources,
            entitlements,
            extra_hosts,
            cache_to,
            policy,
            call,
            platforms,
            lost_marks: _,
            // They are read by themselves, or their content is.
            context: _,
            default_context: _,
            context_of: _,
            contexts: _,
            dockerfile: _,
            dockerfile_inline: _,
            // What it is called, and what it was made of.
            name: _,
            span: _,
            description: _,
            inherits: _,
            linked: _,
            // Where it goes. The form that its source asks for is below.
            tags: _,
            output: _,
            // They make it fast, or not.
            cache_from: _,
            pull: _,
            no_cache: _,
            no_cache_filter: _,
        } = target;
        for (key, text) in args {
            self.text(&format!("args.{key}"), text);
        }
        for (key, text) in labels {
            // What facts say of an image is not what it is built from.
            let is_added = source.is_some_and(|source| !source.labels.contains_key(key));
            if !is_added {
                self.text(&format!("labels.{key}"), text);
            } else if !self.is_linked {
                self.fact(&format!("labels.{key}"));
            }
        }
        if !self.is_linked {
            for text in annotations {
                let is_said = source.is_none_or(|source| source.annotations.iter().any(|one| one == text));
                match text.as_str().split_once('=') {
                    Some((key, _)) if !is_said => self.fact(&format!("annotations.{key}")),
                    _ => self.text("annotations", text),
                }
            }
            attest.iter().for_each(|entry| self.entry("attest", entry));
            let output = source.and_then(|source| source.output.as_deref()).and_then(<[Entry]>::first);
            if let Some(output) = output {
                let mut form = output.clone();
                form.fields.retain(|key, _| !DESTINATION.contains(&&**key));
                self.entry("output", &form);
            }
            // It is written into the image; the others make it fast, or not.
            for cache in cache_to.iter().flatten().filter(|cache| cache.kind() == INLINE) {
                self.entry("cache-to", cache);
            }
        }
        for (name, text) in [("target", stage), ("network", network), ("shm-size", shm_size), ("call", call)]
        {
            text.iter().for_each(|text| self.text(name, text));
        }
        for Secret { id, src, env, span: _ } in secret {
            // Which one it is counts; what it holds is never seen.
            let _ = (src, env);
            self.text("secret", id);
        }
        for Ssh { id, paths: _, span: _ } in ssh {
            self.text("ssh", id);
        }
        ulimits.iter().for_each(|text| self.text("ulimits", text));
        entitlements.iter().for_each(|text| self.text("entitlements", text));
        extra_hosts.iter().for_each(|(host, text)| self.text(&format!("extra-hosts.{host}"), text));
        platforms.iter().flatten().for_each(|text| self.text("platforms", text));
        if let Some(resources) = resources {
            let Resources {
                memory,
                memory_swap,
                cpu_shares,
                cpu_period,
                cpu_quota,
                cpuset_cpus,
                cpuset_mems,
            } = &**resources;
            let [shares, period, quota] =
                [cpu_shares, cpu_period, cpu_quota].map(|number| number.as_ref().map(|number| &number.text));
            let texts = [
                ("memory", memory.as_ref()),
                ("memory-swap", memory_swap.as_ref()),
                ("cpu-shares", shares),
                ("cpu-period", period),
                ("cpu-quota", quota),
                ("cpuset-cpus", cpuset_cpus.as_ref()),
                ("cpuset-mems", cpuset_mems.as_ref()),
            ];
            for (name, text) in texts {
                text.iter().for_each(|text| self.text(&format!("resources.{name}"), text));
            }
        }
        for Policy { files, reset, disabled, strict, log_level: _, span: _ } in policy {
            files.iter().for_each(|file| self.text("policy.file", file));
            let flags = [("reset", Some(reset)), ("disabled", Some(disabled)), ("strict", strict.as_ref())];
            for (name, flag) in flags {
                flag.iter().for_each(|flag| self.add(&format!("policy.{name}"), &flag.to_string()));
            }
        }
    }

    fn entry(&mut self, name: &str, entry: &Entry) {
        for (key, text) in &entry.fields {
            self.text(&format!("{name}.{key}"), text);
        }
    }

    /// Adds a text, without what it does not say of the image.
    fn text(&mut self, name: &str, text: &Text) {
        for mark in text.value.marks().iter() {
            match mark {
                Mark::Random => self.unknown.push(format!("`{name}` has random numbers in it")),
                Mark::Kept(variable) => {
                    self.unknown.push(format!("`{name}` has `{variable}` in it, which is left to the build"));
                }
                Mark::Clock | Mark::Secret(_) | Mark::Unset(_) | Mark::Rewritten(_) => {}
            }
        }
        if !text.value.marks().iter().any(|mark| *mark == Mark::Clock) {
            return self.said(name, text.as_str());
        }
        // What else is in it, or what the clock chose, may have changed, too.
        match form_of_now(text.as_str(), self.moment.now) {
            Some(form) => self.add(&format!("{name}{CLOCK}"), form),
            None => self.unknown.push(format!(
                "`{name}` depends on the clock and is not just the time of now; give the time a value of its own"
            )),
        }
    }

    /// Adds what facts of the run say, of which only counts that they do.
    fn fact(&mut self, name: &str) {
        self.add(&format!("{name}{FACT}"), "");
    }

    /// Adds a text that may have the commit in it.
    fn said(&mut self, name: &str, text: &str) {
        match self.without_commit(text) {
            Some(cleaned) => self.add(&format!("{name}{COMMIT}"), &cleaned),
            None => self.add(name, text),
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        self.parts.push(Part::new(name, value));
    }

    /// A text with the commit in it, whole or by its first digits, with the number of these in its place; `None` without.
    fn without_commit(&self, text: &str) -> Option<String> {
        let commit = self.moment.commit.filter(|commit| commit.len() >= FEWEST_DIGITS)?;
        let mut has_commit = false;
        let mut cleaned = String::with_capacity(text.len());
        for word in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
            let digits = word.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
            let rest = if digits.len() >= FEWEST_DIGITS && commit.starts_with(digits) {
                has_commit = true;
                cleaned.extend(["{", &digits.len().to_string(), "}"]);
                &word[digits.len()..]
            } else {
                word
            };
            // So that nobody can write what stands for the commit.
            cleaned.push_str(&rest.replace('{', "{{"));
        }
        has_commit.then_some(cleaned)
    }
}
