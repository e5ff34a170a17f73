//! `bakeplan merge`: from digests to tags, on layouts and against registries that fail in every way.

mod allowed; // which repositories a merge may write to
mod also_named; // floating tags of what also has a greater tag
mod bases; // which images builds were made from
mod copies; // builds that a repository lacks and another one has
mod count; // how many requests a merge sends
mod declined; // versions that go without `latest`
mod earlier; // later runs and damage that come between the steps
mod editions; // editions of a release, whichever is published last
mod existing; // releases that are there already
mod families; // which tags of a repository keep a floating tag
mod faults; // what passes is survived, what stays is told
mod fewer; // tags that lose platforms
mod greater; // floating tags whose own index says that it is a greater version
mod hostile; // metadata and manifests that are made to do harm
mod identity; // which plan metadata belongs to
mod in_turn; // tags that a branch and git tags give in turn
mod kept; // what a release must be to stay, and to get more tags
mod kill; // a merge that ends at any moment
mod layouts; // what is published, what is held and what is refused
mod lists; // which version is the greatest when tags come in pages
mod mirrors; // repositories that are filled by copying
mod numbered; // constants with numbers, and the order of releases
mod oddities; // what registries do differently, without damage
mod options; // what the options change
mod overwritten; // a version that two runs of git tags publish at once
mod own_tags; // own tags of another version or commit, and runs that come meanwhile
mod partial; // images that are published without a platform
mod plain; // images without an index
pub(crate) mod plans; // builds of another plan, whose legs have the same names
mod platforms; // what indexes say of their images
mod race; // several merges at once
mod rebuilt; // versions that each run builds anew
mod renamed; // tags that read as greater versions and are not
mod requests; // how many requests large plans take, and which go at once
mod results; // results and releases that are something else by their tags
mod reused; // what an index records of its inputs, and images of the same inputs
mod revisions; // builds of another commit
mod runs; // which of two runs is later
mod said; // what builds and what is taken over say of themselves
mod shown; // lists that do not show what was just written
mod simulation; // several merges at once, in many orders
mod source; // plans that are made again
mod steps; // indexes first, tags later
pub(crate) mod two_versions; // what has the tags of two versions
mod unseen; // tags that nobody may list
mod unshown; // versions that no tag shows whole
mod withheld; // platforms that the same run has published
pub(crate) mod world; // builds, repositories and plans to merge
