//! Tests of the program as its users run it, in one binary because each takes seconds to link.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests touch files, start the program and may panic"
)]

mod support;

mod absent; // contexts and Dockerfiles that are not there
mod alike; // what is said of several images at once
mod annotations; // annotations and their levels
mod architecture; // which module may use which, and which may touch the world
mod asked; // conditions about what a run has not, and words of other tools
mod bases; // the bases of builds, as registries serve them
mod braces; // patterns where none are taken, or without quotes
mod breaks; // line breaks in what others wrote, in messages
mod caches; // the caches of single platforms
mod cases; // recorded answers of docker buildx bake, compared with ours
mod changes; // `bakeplan diff`: two plans, or two revisions
mod check; // `--check`: is a committed file current?
mod choice; // which images are built
mod codenames; // tags that say no version, and known versions that take them
#[cfg(unix)]
mod completions; // `bakeplan completions`, asked by real shells
mod conditions; // conditions of versions, in all places that ask them
mod constants; // texts beside versions
mod contributing; // CONTRIBUTING.md: what it names is there
mod docs; // README.md, docs and CHANGELOG.md: what they say is so
mod edge; // usage, streams, working directory: what all commands share
mod editions; // editions of a release, and their floating tags
mod errors; // bad definitions, and the exact text of what they are told
mod examples; // examples/ are goldens
mod explain; // `bakeplan explain`: codes, their examples, and the index of them
mod facts; // what a run is known to be: options, CI, git
#[cfg(unix)]
mod first_mistakes; // what people do on their first day, and what helps them
mod git; // what a repository may make git do
#[cfg(unix)]
mod git_tags; // git tags that are no versions
#[cfg(unix)]
mod github; // GitHub workflows as GitHub reads and runs them
mod gitlab; // `bakeplan workflow gitlab`: the pipeline that it writes, and its child pipelines
#[cfg(unix)]
mod help; // `--help`, `-h` and manual pages
mod helps; // what messages say to do, and that it is right
mod idle; // attributes of `image` blocks that change nothing
mod image_attributes; // each attribute of `image` blocks, as it is declared: secrets and the clock
mod images_shapes; // what is called `image` and is not quite a block
mod init; // `bakeplan init`: what it proposes for small repositories
mod input; // files and command lines that cannot be read
mod inputs; // what is in the hash of what a build reads
mod keep; // `--keep-variable`: what stays a variable, and what needs its value
mod labels; // `oci_labels`: from facts, once
mod limits; // small definitions that ask for very much
#[cfg(unix)]
mod links; // what image blocks say of linked targets
mod loopback; // HTTP servers that answer as a test says
mod marks; // marks that no text of a target has
mod meant; // what is written by mistake, or as in other programs
mod memory; // a registry in memory
mod merge; // `bakeplan merge`: from digests to tags
mod misplaced_parts; // what `variable`, `function` and Compose sections cannot hold, and what they are told
mod mutations; // recorded definitions, changed at random
mod neighbours; // tags of branches that another image of the repository has in other runs
mod numbered; // numbers beside a version that are not its own
mod official; // the tags of official images
mod options; // every option of every command: refused, or does something
mod outputs; // pushes that an output names
#[cfg(unix)]
mod outside; // paths outside of the folder of `--confine`
#[cfg(unix)]
mod overruled; // values of the command line over which an `image` block has the last word
mod packaging; // wheel, action, hooks, own image: how the program gets to its users
mod packing; // `--max-jobs`: jobs that are packed into fewer rows
mod patterns; // the patterns that pages and messages recommend
#[cfg(unix)]
mod pipes; // pipes and devices where files are expected
mod plan; // `plan`, `bake`, `matrix`, `metadata`: what is written and what is refused
mod plan_index;
mod plan_json; // `plan.json`: the run, what it is called, what was known
mod plan_mirrors; // mirrors in the plan and its views
mod plan_reused; // images that are not built in the plan and its views
mod print; // `bakeplan print`: lists and streams
mod promote; // `bakeplan promote`: tags for what is there
mod properties; // what holds for every definition
mod readme; // the table of tags, alone and in a file
mod reference; // tables of the reference that follow from the code
mod registry; // registries: login, faults, limits, what their answers mean
mod rewritten; // numbers that are not printed as they were written
mod rules; // rule lines of docker/metadata-action
mod runs; // what a run has tags for
mod schema; // `bakeplan schema`: what JSON looks like
#[cfg(unix)]
mod second_mistakes; // what people do on their second day, and what helps them
mod secrets; // secrets and the clock in every attribute
mod since; // what another revision reads, and what is published in more than one place
mod sources; // what a definition is made of: services, files that are found and files that are not read
mod stated; // what the reference says in words
mod strict; // `--strict`: lints
mod suffixes; // suffixes that no version has, and `latest` where there is none
mod surroundings; // environment variables and files that are not UTF-8, switches in the environment
#[cfg(unix)]
mod terminal; // `bakeplan plan` in a terminal: widths, styles, links, the tree
mod third_mistakes; // why nothing is tagged, what is not read, what stands in the wrong place
mod unlinked;
mod unset; // variables that nothing gives a value to
mod untrusted; // what strangers write, and what it must not do
mod variants; // what variants and suffixes put behind tags
mod verify; // `bakeplan verify`: what can be wrong with published images, and how it is told
mod versions; // versions and constants that could surprise
#[cfg(unix)]
mod workflow; // `bakeplan workflow`: the workflow that it writes, and the command
