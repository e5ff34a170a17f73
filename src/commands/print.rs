//! `bakeplan print`: the resolved definition, as `docker buildx bake --print` shows it.

use super::{Session, list, load};
use crate::bake::select::{self, Options};
use crate::bake::{print, strict};
use crate::cli::Print;
use crate::diagnostic::sorted;
use crate::error::Error;

pub(super) fn print(session: &mut Session<'_>, args: &Print) -> Result<(), Error> {
    let mut definition = args.definition.clone();
    if args.lint {
        definition.call = Some("check".into());
    }
    let loaded = load::load(session, &definition)?;
    if let Some(wanted) = args.list {
        return session.deliver(&list::list(&loaded, wanted)?);
    }
    let names = match definition.targets.as_slice() {
        [] => vec!["default".to_owned()],
        names => names.to_vec(),
    };
    let options = Options { source_date_epoch: session.host.env().get("SOURCE_DATE_EPOCH").cloned() };
    let resolved = select::resolve(&loaded.definition, &names, &loaded.overrides, &options)?;
    if args.definition.strict {
        let mut found = strict::unknown_names(&loaded.module);
        found.extend(strict::dead_overrides(&definition.overrides));
        let built = || resolved.targets.values().filter(|target| !target.linked);
        found.extend(strict::strings(resolved.targets.values()));
        found.extend(strict::tags(built()));
        found.extend(strict::caches(built()));
        if !found.is_empty() {
            return Err(sorted(found).into());
        }
    }
    session.deliver(&print::to_json(&resolved, &loaded.kept))?;
    // The process ends here: taking the trees of a large file apart first would take a tenth of the run.
    std::mem::forget((loaded, resolved));
    Ok(())
}
