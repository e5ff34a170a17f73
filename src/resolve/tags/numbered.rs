//! Numbers that tell images of one repository apart, such as those of `1.4.2-cuda11` and `1.4.2-cuda12`: no other number stands
//! in their place.

use std::collections::BTreeMap;
use std::mem;

use crate::form::{Form, Part};
use crate::reference::{Repository, Tag};
use crate::resolve::publication::{Listing, PlacedTag, Publication};
use crate::tags::Claim;

/// The own tags of a repository that show one version and differ in numbers alone, each with the position of its image.
type Alike = Vec<(usize, Tag)>;

/// What such tags have in common: the version, and the tag without its numbers.
type Shape = (String, String);

/// Keeps the versions of another image out of those that a floating tag moves with.
pub(in crate::resolve) fn tell_apart(publications: &mut [Publication]) {
    let is_numbered = publications
        .iter()
        .flat_map(Publication::values)
        .any(|listing| listing.tags.iter().any(|tag| tag.family.iter().any(has_number)));
    if !is_numbered {
        return;
    }
    let mut places: BTreeMap<Repository, BTreeMap<Shape, Alike>> = BTreeMap::new();
    for (at, publication) in publications.iter().enumerate() {
        for (place, listing) in publication {
            let alike = places.entry(place.clone()).or_default();
            for tag in own(listing) {
                alike.entry(shape(tag)).or_default().push((at, tag.tag.clone()));
            }
        }
    }
    for (at, publication) in publications.iter_mut().enumerate() {
        for (place, listing) in publication {
            let alike = &places[place];
            let own: Vec<PlacedTag> = own(listing).cloned().collect();
            for tag in &mut listing.tags {
                for form in mem::take(&mut tag.family) {
                    let mut known = vec![form];
                    if has_number(&known[0]) {
                        let form = &known[0];
                        let shown: Vec<&PlacedTag> =
                            own.iter().filter(|one| form.fits(one.tag.as_str())).collect();
                        let is_of_other =
                            |(other, name): &(usize, Tag)| *other != at && form.fits(name.as_str());
                        if shown.iter().any(|one| alike[&shape(one)].iter().any(is_of_other)) {
                            known = shown.into_iter().map(|one| one.form.clone()).collect();
                        }
                    }
                    tag.family.extend(known);
                }
            }
        }
    }
}

/// The own tags of versions.
fn own(listing: &Listing) -> impl Iterator<Item = &PlacedTag> {
    listing.tags.iter().filter(|tag| tag.claim == Claim::Literal && tag.form.is_readable())
}

fn shape(tag: &PlacedTag) -> Shape {
    let name = tag.tag.as_str();
    let version = tag.form.versions_in(name).first().map_or_else(String::new, |text| (*text).to_owned());
    let words: Vec<&str> = name.split(|c: char| c.is_ascii_digit()).filter(|word| !word.is_empty()).collect();
    (version, words.join("0"))
}

fn has_number(form: &Form) -> bool {
    form.parts().contains(&Part::Number)
}
