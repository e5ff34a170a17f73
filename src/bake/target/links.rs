//! Links between targets: contexts of the form `target:NAME`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::link_of;
use super::definition::{Entry, Target};
use super::inherit::Resolver;
use super::text::Text;
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// How many entitlements links may gather at one target; Bake knows a handful.
const MAX_ENTITLEMENTS: usize = 1000;

/// A target whose links are being followed.
struct Frame {
    name: Name,
    links: Vec<(Text, Name)>,
    next: usize,
}

/// The links of a target, in order of context names: the context's text, and the target linked to.
pub(crate) fn links(target: &Target) -> impl Iterator<Item = (&Text, &str)> {
    target.contexts.values().filter_map(|text| Some((text, link_of(text)?)))
}

/// Adds the targets that `targets` link to, and theirs. What is only linked is built into the cache alone, whatever its
/// `output`. Entitlements of a linked target become the linking one's.
///
/// # Errors
/// A link to no target, to itself or in a circle; platforms that the linked target is not built for.
pub(super) fn follow(
    resolver: &mut Resolver<'_>,
    targets: &mut BTreeMap<Name, Box<Target>>,
) -> Result<(), Box<Diagnostic>> {
    // `false` while its links are being followed.
    let mut done: BTreeMap<Name, bool> = BTreeMap::new();
    let with_links = targets.iter().filter(|(_, target)| links(target).next().is_some());
    let asked: Vec<Name> = with_links.map(|(name, _)| Arc::clone(name)).collect();
    for name in asked {
        if done.contains_key(&name) {
            continue;
        }
        let mut frames = vec![enter(&name, targets, &mut done)];
        while let Some(frame) = frames.last_mut() {
            let user = Arc::clone(&frame.name);
            let Some((text, linked)) = frame.links.get(frame.next).cloned() else {
                done.insert(user, true);
                frames.pop();
                continue;
            };
            if linked == user {
                return Err(fail(format!("target `{user}` cannot link to itself"), &text));
            }
            match done.get(&linked) {
                Some(true) => {
                    frame.next += 1;
                    join(&user, &linked, &text, targets)?;
                }
                Some(false) => {
                    return Err(fail(format!("infinite loop of links from `{user}` to `{linked}`"), &text));
                }
                None => {
                    if !targets.contains_key(&linked) {
                        let mut target = resolver.unchecked(&linked, text.span)?;
                        target.output = Some(vec![Entry::of_type("cacheonly")]);
                        target.linked = true;
                        targets.insert(Arc::clone(&linked), Box::new(target));
                    }
                    frames.push(enter(&linked, targets, &mut done));
                }
            }
        }
    }
    Ok(())
}

fn enter(name: &Name, targets: &BTreeMap<Name, Box<Target>>, done: &mut BTreeMap<Name, bool>) -> Frame {
    done.insert(Arc::clone(name), false);
    let links = targets.get(name).into_iter().flat_map(|target| links(target));
    Frame {
        name: Arc::clone(name),
        links: links.map(|(text, link)| (text.clone(), link.into())).collect(),
        next: 0,
    }
}

/// Settles one link, once the linked target's own are settled.
fn join(
    user: &Name,
    linked: &Name,
    text: &Text,
    targets: &mut BTreeMap<Name, Box<Target>>,
) -> Result<(), Box<Diagnostic>> {
    let (Some(using), Some(used)) = (targets.get(user), targets.get(linked)) else { return Ok(()) };
    if let (Some(wanted), Some(built)) = (&using.platforms, &used.platforms)
        && wanted.len() > 1
        && built.len() > 1
    {
        let known: BTreeSet<&str> = built.iter().map(Text::as_str).collect();
        let missing: Vec<&str> = wanted.iter().map(Text::as_str).filter(|p| !known.contains(p)).collect();
        if !missing.is_empty() {
            let message = format!(
                "target `{linked}` can't be used by `{user}`: it is not built for {}",
                missing.join(", ")
            );
            return Err(fail(message, text));
        }
    }
    if used.entitlements.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<&str> = using.entitlements.iter().map(Text::as_str).collect();
    let more: Vec<Text> =
        used.entitlements.iter().filter(|text| !known.contains(text.as_str())).cloned().collect();
    if known.len() + more.len() > MAX_ENTITLEMENTS {
        return Err(fail(format!("target `{user}` gathers more than {MAX_ENTITLEMENTS} entitlements"), text));
    }
    if let Some(using) = targets.get_mut(user) {
        using.entitlements.extend(more);
    }
    Ok(())
}

fn fail(message: String, text: &Text) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::LINK, message).at(text.span, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::target::Definition;
    use crate::bake::target::context::link_to;
    use crate::bake::target::overrides::Overrides;
    use crate::bake::target::select::{Options, resolve};

    struct Given {
        links: &'static [&'static str],
        platforms: &'static [&'static str],
        entitlements: &'static [&'static str],
    }

    const NOTHING: Given = Given { links: &[], platforms: &[], entitlements: &[] };

    /// Resolves target `a` and shows each target's outputs and entitlements, or the first message.
    fn run(given: &[(&str, Given)]) -> String {
        let texts = |list: &[&str]| -> Vec<Text> { list.iter().map(|text| Text::verbatim(text)).collect() };
        let mut definition = Definition::default();
        for (name, given) in given {
            let contexts = given.links.iter().map(|link| (Name::from(*link), link_to(link).as_str().into()));
            definition.add_target(Target {
                contexts: contexts.collect(),
                platforms: Some(texts(given.platforms)),
                entitlements: texts(given.entitlements).into(),
                output: Some(vec![Entry::of_type("docker")]),
                ..Target::new(*name)
            });
        }
        match resolve(&definition, &["a".into()], &Overrides::default(), &Options::default()) {
            Err(diagnostics) => diagnostics[0].message.clone(),
            Ok(resolved) => {
                let show = |target: &Target| {
                    let output = target.output.as_ref().map_or("none", |list| list[0].kind()).to_owned();
                    let entitlements: Vec<_> = target.entitlements.iter().map(Text::as_str).collect();
                    format!(
                        "{}:{output}{}{}",
                        target.name,
                        if target.linked { "!" } else { "" },
                        entitlements.join("+")
                    )
                };
                resolved.targets.values().map(|target| show(target)).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn linked_targets_go_to_the_cache_and_lend_their_entitlements() {
        let found = run(&[
            ("a", Given { links: &["b", "c"], entitlements: &["x"], ..NOTHING }),
            ("b", Given { links: &["c"], ..NOTHING }),
            ("c", Given { entitlements: &["y", "x"], ..NOTHING }),
            ("d", NOTHING),
        ]);
        assert_eq!(found, "a:dockerx+y b:cacheonly!y+x c:cacheonly!y+x");
    }

    #[test]
    fn links_lead_somewhere_and_not_in_circles() {
        let link = |links| Given { links, ..NOTHING };
        assert_eq!(run(&[("a", link(&["a"]))]), "target `a` cannot link to itself");
        assert_eq!(run(&[("a", link(&["b"]))]), "failed to find target `b`");
        let circle = run(&[("a", link(&["b"])), ("b", link(&["c"])), ("c", link(&["a"]))]);
        assert_eq!(circle, "infinite loop of links from `c` to `a`");
    }

    #[test]
    fn several_platforms_need_all_of_them_in_a_link_to_several() {
        let case = |wanted, built| {
            run(&[
                ("a", Given { links: &["b"], platforms: wanted, ..NOTHING }),
                ("b", Given { platforms: built, ..NOTHING }),
            ])
        };
        let good = "a:docker b:cacheonly!";
        assert_eq!(
            case(&["linux/amd64", "linux/arm64"], &["linux/arm64", "linux/amd64", "linux/s390x"]),
            good
        );
        assert_eq!(case(&["linux/amd64", "linux/arm64"], &["linux/s390x"]), good);
        assert_eq!(case(&["linux/s390x"], &["linux/amd64", "linux/arm64"]), good);
        assert_eq!(
            case(&["linux/amd64", "linux/s390x"], &["linux/amd64", "linux/arm64"]),
            "target `b` can't be used by `a`: it is not built for linux/s390x"
        );
    }
}
