//! Random commits: whatever changes, what is not built again would have become the same.
//!
//! `BAKEPLAN_RANDOM_FILES` and `BAKEPLAN_RANDOM_SEED` are those of the random definitions; a commit takes as long as many
//! of them.

use super::world::World;
use crate::random::number;

/// How many random definitions take as long as a commit.
const DEFINITIONS: usize = 12;

/// How many changes a commit has at most.
const CHANGES: usize = 3;

/// The images.
const IMAGES: [&str; 6] = ["i0", "i1", "i2", "i3", "i4", "i5"];

/// The folders that are contexts; the last two are in one another.
const CONTEXTS: [&str; 3] = ["a", "b", "b/d"];

const NAMES: [&str; 8] = ["x", "y", "x.txt", "y.md", "d/x", "d/y.txt", "d/e/x", "größe"];

/// What a Dockerfile copies; each context has a `keep`.
const COPIES: [&str; 11] = [
    "COPY . /",
    "COPY keep /",
    "COPY keep x* /r/",
    "COPY *.txt keep /r/",
    "COPY d* /r/",
    "ADD keep /",
    "COPY keep d*/x /r/",
    "ARG TARGETARCH\nCOPY keep $TARGETARCH* /r/",
    "COPY ../keep /r/",
    "COPY --exclude=*.txt . /r/",
    "COPY <<EOF keep /r/\ntext\nEOF",
];

const RULES: [&str; 12] =
    ["x", "*.txt", "**/*.txt", "d", "d/*", "!d/x", "**/x", "*", "!x", "# x", "!**/*.md", ".dockerignore"];

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let high = usize::try_from(self.0 >> 33).expect("31 bits fit");
        high % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

fn definition(dice: &mut Dice) -> String {
    let mut text = String::new();
    for (at, name) in IMAGES.iter().enumerate() {
        let context = CONTEXTS[at % CONTEXTS.len()];
        // Each image may link to one before it.
        let link = match dice.below(4) {
            0 if at > 0 => format!("  contexts  = {{ other = \"target:{}\" }}\n", IMAGES[dice.below(at)]),
            1 => "  contexts  = { other = \"a\" }\n".to_owned(),
            _ => "  contexts  = { other = \"b/d\" }\n".to_owned(),
        };
        text.extend([format!(
            "target \"{name}\" {{\n  context   = \"{context}\"\n  dockerfile = \"{name}.Dockerfile\"\n{link}  labels    = {{ a = \"{}\" }}\n  platforms = [\"linux/amd64\"]\n  tags      = [\"r.example/live/{name}:1\"]\n}}\n",
            dice.below(2)
        )]);
    }
    let targets: Vec<String> = IMAGES.iter().map(|name| format!("\"{name}\"")).collect();
    text.extend([format!("group \"default\" {{\n  targets = [{}]\n}}\n", targets.join(", "))]);
    text
}

fn dockerfile(dice: &mut Dice) -> String {
    let mut text = String::new();
    if dice.below(3) == 0 {
        text.extend([format!("FROM scratch AS stage\nWORKDIR /w\n{}\n", dice.one(&COPIES))]);
    }
    let has_stage = !text.is_empty();
    text.push_str("FROM scratch\n");
    text.push_str(dice.one(&COPIES));
    text.push('\n');
    if has_stage && dice.below(2) == 0 {
        text.push_str("COPY --from=stage / /s/\n");
    }
    if dice.below(3) == 0 {
        text.push_str("COPY --from=other / /o/\n");
    }
    text
}

fn ignore_file(dice: &mut Dice) -> String {
    let mut text: String = (0..dice.below(4)).map(|_| format!("{}\n", dice.one(&RULES))).collect();
    text.push_str("!keep\n");
    text
}

/// The script of one change.
fn change(dice: &mut Dice) -> String {
    let context = dice.one(&CONTEXTS);
    let (name, other) = (dice.one(&NAMES), dice.one(&NAMES));
    let (path, other) = (format!("{context}/{name}"), format!("{context}/{other}"));
    let parent = |path: &str| format!("mkdir -p \"$(dirname '{path}')\" 2>/dev/null || exit 0");
    match dice.below(9) {
        0..=2 => format!(
            "{}; [ -d '{path}' ] || {{ rm -f '{path}'; echo {} > '{path}'; }}",
            parent(&path),
            dice.below(9)
        ),
        3 => format!("rm -rf '{path}'"),
        4 => format!("{}; [ ! -e '{path}' ] || mv -T '{path}' '{other}' 2>/dev/null || :", parent(&other)),
        5 => format!("[ ! -f '{path}' ] || chmod $([ -x '{path}' ] && echo -x || echo +x) '{path}'"),
        6 => format!(
            "{}; [ -d '{path}' ] || ln -sfT '{}' '{path}'",
            parent(&path),
            dice.one(&["keep", "d", "x", "../keep", "/d/x"])
        ),
        7 => format!("cat > '{context}/.dockerignore' <<'END'\n{}END", ignore_file(dice)),
        _ => {
            let at = dice.below(IMAGES.len());
            let text = dockerfile(dice);
            format!("cat > '{}/{}.Dockerfile' <<'END'\n{text}END", CONTEXTS[at % CONTEXTS.len()], IMAGES[at])
        }
    }
}

#[test]
fn random_commits_build_what_differs() {
    let commits = number("BAKEPLAN_RANDOM_FILES", 8 * DEFINITIONS).div_ceil(DEFINITIONS);
    let seed: u64 = number("BAKEPLAN_RANDOM_SEED", 1);
    let mut dice = Dice(seed);
    let mut world = World::new("random-inputs");
    world.may_fail = true;
    for context in CONTEXTS {
        world.write(&format!("{context}/keep"), "keep\n");
        world.write(&format!("{context}/.dockerignore"), &ignore_file(&mut dice));
    }
    for _ in 0..12 {
        world.shell(&change(&mut dice));
    }
    for (at, name) in IMAGES.iter().enumerate() {
        let text = dockerfile(&mut dice);
        world.write(&format!("{}/{name}.Dockerfile", CONTEXTS[at % CONTEXTS.len()]), &text);
    }
    world.write("docker-bake.hcl", &definition(&mut dice));
    world.commit();
    world.start();
    let (mut same, mut built, mut needless) = (0, 0, 0);
    for round in 0..commits {
        let mut scripts: Vec<String> = (0..=dice.below(CHANGES)).map(|_| change(&mut dice)).collect();
        if dice.below(4) == 0 {
            scripts.push(format!("cat > docker-bake.hcl <<'END'\n{}END", definition(&mut dice)));
        }
        scripts.iter().for_each(|script| world.shell(script));
        world.commit();
        let step = world.step();
        assert!(
            step.wrong.is_empty(),
            "seed {seed}, commit {round}\n{}\n{}\n{}",
            scripts.join("\n"),
            step.wrong.join("\n"),
            world.shown()
        );
        same += step.builds.values().filter(|build| build.foretold_same).count();
        built += step.builds.values().filter(|build| !build.foretold_same).count();
        needless += step.needless();
    }
    println!("{same} builds were the same, {built} were built, {needless} of them needless");
}
