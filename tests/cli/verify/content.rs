//! `verify --content`: what an image runs is for its machine, wherever in its layers it is; and layers that two machines share.

use bakeplan::internals::merge::Options;
use bakeplan::internals::oci::OCI_MANIFEST;
use zlib_rs::{DeflateConfig, compress_bound, compress_slice};

use super::desk::{APP, content_of, found, merged, of};
use crate::merge::world::{BuiltLayout, World, index, plan, put, put_tag};
use crate::support::Test;

/// An entry of an archive: its path, its kind, the target of a link, and its content.
type Entry<'a> = (&'a str, u8, &'a str, &'a [u8]);

fn header(path: &str, kind: u8, target: &str, size: usize) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..path.len()].copy_from_slice(path.as_bytes());
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[157..157 + target.len()].copy_from_slice(target.as_bytes());
    block[257..263].copy_from_slice(b"ustar\0");
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

fn padded(content: &[u8]) -> Vec<u8> {
    let mut content = content.to_vec();
    content.resize(content.len().next_multiple_of(512), 0);
    content
}

fn tar(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (path, kind, target, content) in entries {
        archive.extend(header(path, *kind, target, content.len()));
        archive.extend(padded(content));
    }
    archive.extend([0; 1024]);
    archive
}

/// An archive whose entry has a path too long for its header, in an entry before it.
fn long(kind: u8, path: &str, content: &[u8]) -> Vec<u8> {
    let text = if kind == b'x' {
        let record = format!(" path={path}\n");
        let length =
            (record.len()..).find(|length| length.to_string().len() + record.len() == *length).unwrap();
        format!("{length}{record}")
    } else {
        format!("{path}\0")
    };
    let mut archive = header("long", kind, "", text.len());
    archive.extend(padded(text.as_bytes()));
    archive.extend(tar(&[("cut", b'0', "", content)]));
    archive
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = vec![0; compress_bound(content.len()) + 64];
    let config = DeflateConfig { window_bits: 31, ..DeflateConfig::default() };
    let (packed, _) = compress_slice(&mut packed, content, config);
    assert!(packed.starts_with(&[0x1f, 0x8b]));
    packed.to_vec()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A frame of zstd that is none of the content.
fn skippable(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&[0x5e, 0x2a, 0x4d, 0x18][..], &length, content].concat()
}

/// The beginning of a program.
fn elf(bits: u8, is_little: bool, machine: u16) -> Vec<u8> {
    let mut program = vec![0x7f, b'E', b'L', b'F', bits / 32, if is_little { 1 } else { 2 }, 1];
    program.resize(16, 0);
    for number in [2, machine] {
        program.extend(if is_little { u16::to_le_bytes(number) } else { u16::to_be_bytes(number) });
    }
    program.resize(3000, 7);
    program
}

fn amd64() -> Vec<u8> {
    elf(64, true, 62)
}

/// An image, as the entry of an index.
fn image(layout: &BuiltLayout, platform: &str, config: &str, layers: &[Vec<u8>]) -> String {
    let (os, architecture) = platform.split_once('/').unwrap();
    let blob = |media_type: &str, content: &[u8]| {
        let digest = layout.put_blob(content);
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{media_type}","digest":"{digest}","size":{}}}"#,
            content.len()
        )
    };
    let layers: Vec<String> = layers.iter().map(|layer| blob("layer.v1.tar", layer)).collect();
    let config = format!(r#"{{"architecture":"{architecture}","os":"{os}","config":{config}}}"#);
    let config = blob("config.v1+json", config.as_bytes());
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":[{}]}}"#,
        layers.join(",")
    );
    let manifest = put(layout, OCI_MANIFEST, &text);
    format!(
        r#"{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":{},"platform":{{"os":"{os}","architecture":"{architecture}"}}}}"#,
        manifest.digest,
        manifest.bytes.len()
    )
}

const TAG: &str = "oci-layout:a:1";

/// What is found in an index of images.
fn look(images: &[(&str, &str, &[Vec<u8>])]) -> Vec<(&'static str, String)> {
    let world = World::new();
    let layout = world.layout("a");
    let entries: Vec<String> =
        images.iter().map(|(platform, config, layers)| image(&layout, platform, config, layers)).collect();
    let manifest = put(&layout, bakeplan::internals::oci::OCI_INDEX, &index(&entries));
    put_tag(&layout, "1", &manifest);
    let report = content_of(&world, &[TAG]);
    assert_eq!(report.failures, []);
    report.findings.iter().map(|finding| (finding.code.name(), finding.message.clone())).collect()
}

/// What is found in an image for amd64 that runs this.
#[track_caller]
fn expect(config: &str, layers: &[Vec<u8>], expected: &str) {
    let found = look(&[("linux/amd64", config, layers)]);
    match (found.as_slice(), expected) {
        ([], "") => {}
        ([(_, message)], expected) if !expected.is_empty() => {
            // What a decompressor says of its input is in its own words.
            let is_so =
                message.ends_with(expected) || (expected.ends_with(": ") && message.contains(expected));
            assert!(is_so, "{config}: {message}, expected {expected}");
        }
        _ => panic!("{config}: {found:?}, expected {expected:?}"),
    }
}

const APP_RUNS: &str = r#"{"Entrypoint":["/app"]}"#;

#[test]
fn a_program_of_another_machine_is_an_error() {
    let machines = [
        ("amd64", 64, true, 62),
        ("386", 32, true, 3),
        ("arm64", 64, true, 183),
        ("arm", 32, true, 40),
        ("ppc64le", 64, true, 21),
        ("s390x", 64, false, 22),
        ("riscv64", 64, true, 243),
        ("mips64le", 64, true, 8),
        ("mips", 32, false, 8),
        ("loong64", 64, true, 258),
    ];
    let runs = [("386", "amd64"), ("arm", "arm64")];
    for (architecture, ..) in machines {
        for (name, bits, is_little, machine) in machines {
            let platform = format!("linux/{architecture}");
            let layers = [tar(&[("app", b'0', "", &elf(bits, is_little, machine))])];
            let found = look(&[(&platform, APP_RUNS, &layers)]);
            if name == architecture || runs.contains(&(name, architecture)) {
                assert_eq!(found, [], "{name} on {architecture}");
            } else {
                let [("wrong-machine", message)] = found.as_slice() else {
                    panic!("{architecture}: {found:?}")
                };
                assert!(message.starts_with(&format!("the image for {platform}")), "{message}");
                assert!(message.ends_with(&format!("runs `/app`, which is for {name}")), "{message}");
            }
        }
    }
    // The same number with another order, or another class.
    for (bits, is_little, told) in [(64, false, "ppc64"), (32, true, "machine 21 (32 bits, little endian)")] {
        let layers = [tar(&[("app", b'0', "", &elf(bits, is_little, 21))])];
        let found = look(&[("linux/ppc64le", APP_RUNS, &layers)]);
        assert!(found[0].1.ends_with(&format!("which is for {told}")), "{found:?}");
    }
}

#[test]
fn programs_are_found_as_a_kernel_finds_them() {
    let (good, bad) = (amd64(), elf(64, true, 183));
    let wrong = |path: &str| format!("runs `{path}`, which is for arm64");
    let at = |path: &str, program: &[u8]| tar(&[(path, b'0', "", program)]);
    let link = |path: &str, to: &str| tar(&[(path, b'2', to, b"")]);
    for (config, layers, expected) in [
        // The entrypoint, and else the command.
        (r#"{"Entrypoint":["/app"],"Cmd":["/other"]}"#, vec![at("app", &bad)], wrong("/app")),
        (r#"{"Cmd":["/app"]}"#, vec![at("./app", &bad)], wrong("/app")),
        (r#"{"Entrypoint":["./app"],"WorkingDir":"/srv"}"#, vec![at("srv/app", &bad)], wrong("/srv/app")),
        (
            r#"{"Entrypoint":["../x/app"],"WorkingDir":"/srv"}"#,
            vec![tar(&[("srv", b'5', "", b""), ("x/app", b'0', "", &bad)])],
            wrong("/x/app"),
        ),
        // PATH, its own and the usual one.
        (
            r#"{"Cmd":["app"],"Env":["PATH=/a:/b"]}"#,
            vec![tar(&[("b/app", b'0', "", &bad), ("usr/bin/app", b'0', "", &good)])],
            wrong("/b/app"),
        ),
        (r#"{"Cmd":["app"]}"#, vec![at("bin/app", &bad), at("usr/bin/app", &good)], String::new()),
        // Layers lie over each other.
        (APP_RUNS, vec![at("app", &bad), at("app", &good)], String::new()),
        (APP_RUNS, vec![at("app", &good), at("app", &bad), at("b", &good)], wrong("/app")),
        // Links, also of folders, from another layer, to the root and up.
        (
            r#"{"Cmd":["/bin/app"]}"#,
            vec![link("bin", "usr/bin"), at("usr/bin/app", &bad)],
            wrong("/usr/bin/app"),
        ),
        (APP_RUNS, vec![at("lib/x", &bad), link("app", "/lib/x")], wrong("/lib/x")),
        (r#"{"Cmd":["/a/b/app"]}"#, vec![link("a/b/app", "../../c/x"), at("c/x", &bad)], wrong("/c/x")),
        (APP_RUNS, vec![tar(&[("x", b'0', "", &bad), ("app", b'1', "x", b"")])], wrong("/x")),
        (APP_RUNS, vec![link("app", "app")], "the links at `/app` lead nowhere".to_owned()),
        // What was removed is not there.
        (APP_RUNS, vec![at("app", &bad), at(".wh.app", b"")], "`/app` is not in its layers".to_owned()),
        (
            r#"{"Cmd":["/d/app"]}"#,
            vec![at("d/app", &bad), at("d/.wh..wh..opq", b"")],
            "`/d/app` is not in its layers".to_owned(),
        ),
        (
            r#"{"Cmd":["/d/app"]}"#,
            vec![at("d/app", &bad), at(".wh.d", b""), at("d/other", b"")],
            "`/d/app` is not in its layers".to_owned(),
        ),
        (
            r#"{"Cmd":["/d/app"]}"#,
            vec![at("d/app", &bad), tar(&[("d/.wh..wh..opq", b'0', "", b""), ("d/app", b'0', "", &good)])],
            String::new(),
        ),
        (
            r#"{"Cmd":["/d/app"]}"#,
            vec![at("d/app", &bad), at("d", b"")],
            "`/d/app` is not in its layers".to_owned(),
        ),
        // Scripts run something else.
        (APP_RUNS, vec![at("bin/sh", &bad), at("app", b"#!/bin/sh -e\nexec x\n")], wrong("/bin/sh")),
        (APP_RUNS, vec![at("bin/sh", &good), at("app", b"#! /bin/sh\n")], String::new()),
        (
            APP_RUNS,
            vec![
                at("usr/bin/python3", &bad),
                at("usr/bin/env", &good),
                at("app", b"#!/usr/bin/env -S A=1 python3 -u\n"),
            ],
            wrong("/usr/bin/python3"),
        ),
        (APP_RUNS, vec![at("app", b"#!/bin/sh\n")], "`/bin/sh` is not in its layers".to_owned()),
        (APP_RUNS, vec![at("app", b"#!/app\n")], "`/app` is run by one script after the other".to_owned()),
        // What does nothing but start another program.
        (r#"{"Entrypoint":["/tini","--","/app"]}"#, vec![at("tini", &good), at("app", &bad)], wrong("/app")),
        (
            r#"{"Entrypoint":["tini","-g"],"Cmd":["app","-v"]}"#,
            vec![at("sbin/tini", &good), at("bin/app", &bad)],
            wrong("/bin/app"),
        ),
        (
            r#"{"Entrypoint":["/bin/sh","-c","exec /app --port=1"]}"#,
            vec![at("bin/sh", &good), at("app", &bad)],
            wrong("/app"),
        ),
        (
            r#"{"Entrypoint":["dumb-init","--","gosu","web:web","/app"]}"#,
            vec![at("bin/dumb-init", &good), at("bin/gosu", &good), at("app", &bad)],
            wrong("/app"),
        ),
        (r#"{"Cmd":["env","A=1","/app"]}"#, vec![at("bin/env", &good), at("app", &bad)], wrong("/app")),
        (
            r#"{"Entrypoint":["/tini","--","/start"]}"#,
            vec![at("tini", &good), at("start", b"#!/bin/sh\n"), at("bin/sh", &bad)],
            wrong("/bin/sh"),
        ),
        (r#"{"Entrypoint":["/tini","--","/app"]}"#, vec![at("tini", &good), at("app", &good)], String::new()),
        // What a shell does itself, and arguments, are no programs.
        (
            r#"{"Cmd":["/bin/sh","-c","cd /srv && ./app"]}"#,
            vec![at("bin/sh", &good), at("srv/app", &bad)],
            String::new(),
        ),
        (
            r#"{"Cmd":["/bin/sh","-c","echo app"]}"#,
            vec![at("bin/sh", &good), at("bin/app", &bad)],
            String::new(),
        ),
        (r#"{"Cmd":["/server","/app"]}"#, vec![at("server", &good), at("app", &bad)], String::new()),
        // What cannot be told is said.
        (APP_RUNS, vec![at("app", b"MZ")], "`/app` is neither an ELF program nor a script".to_owned()),
        (APP_RUNS, vec![at("app", b"\x7fELF")], "neither an ELF program nor a script".to_owned()),
        (APP_RUNS, vec![at("app", b"")], "neither an ELF program nor a script".to_owned()),
        (APP_RUNS, vec![tar(&[("app", b'5', "", b"")])], "`/app` is not in its layers".to_owned()),
        (APP_RUNS, vec![], "`/app` is not in its layers".to_owned()),
        ("{}", vec![at("app", &bad)], "it has neither an entrypoint nor a command".to_owned()),
        (
            r#"{"Entrypoint":[],"Cmd":null}"#,
            vec![at("app", &bad)],
            "neither an entrypoint nor a command".to_owned(),
        ),
    ] {
        expect(config, &layers, &expected);
    }
    for (platform, expected) in [
        ("windows/amd64", "programs for `windows` are not looked at"),
        ("linux/wasm", "the machine of `wasm` is not known"),
    ] {
        let found = look(&[(platform, APP_RUNS, &[at("app", &bad)])]);
        assert!(found[0].1.ends_with(expected) && found[0].0 == "unread-program", "{found:?}");
    }
}

#[test]
fn layers_are_read_in_all_forms_that_builders_write() {
    let bad = elf(64, true, 183);
    let entries: [Entry<'_>; 2] = [("first", b'0', "", &[1; 100_000]), ("app", b'0', "", &bad)];
    let plain = tar(&entries);
    let deep = format!("{}/app", "folder".repeat(60));
    let at_deep = format!(r#"{{"Cmd":["/{deep}"]}}"#);
    let (start, end) = plain.split_at(512);
    let mut prefixed = header("app", b'0', "", bad.len());
    prefixed[345..348].copy_from_slice(b"pre");
    let sum = prefixed.iter().map(|byte| u32::from(*byte)).sum::<u32>()
        - prefixed[148..156].iter().map(|byte| u32::from(*byte)).sum::<u32>()
        + 8 * 32;
    prefixed[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    prefixed.extend(padded(&bad));
    let wrong = "which is for arm64";
    for (config, layer, expected) in [
        (APP_RUNS, gzip(&plain), wrong),
        // As pigz and eStargz write them.
        (APP_RUNS, [gzip(start), gzip(end)].concat(), wrong),
        (APP_RUNS, plain[..plain.len() - 1024].to_vec(), wrong),
        (&at_deep, long(b'L', &deep, &bad), wrong),
        (&at_deep, long(b'x', &deep, &bad), wrong),
        (r#"{"Cmd":["/pre/app"]}"#, prefixed, wrong),
        (APP_RUNS, zstd(&plain), wrong),
        // As zstd:chunked and tools that compress in parallel write them.
        (APP_RUNS, [zstd(start), zstd(end)].concat(), wrong),
        (APP_RUNS, [skippable(b"about"), zstd(start), skippable(&[]), zstd(end)].concat(), wrong),
        (APP_RUNS, [zstd(&plain), skippable(b"a table of contents")].concat(), wrong),
        (APP_RUNS, [zstd(&plain), b"more".to_vec()].concat(), wrong),
        // What is damaged or unknown.
        (APP_RUNS, b"\x28\xb5\x2f\xfd".to_vec(), "it cannot be unpacked: "),
        (APP_RUNS, zstd(&plain)[..100].to_vec(), "it cannot be unpacked: "),
        // A window of 2 TB.
        (APP_RUNS, b"\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00".to_vec(), "it cannot be unpacked: "),
        (APP_RUNS, skippable(b"nothing else"), "`/app` is not in its layers"),
        (APP_RUNS, skippable(&[7; 100])[..50].to_vec(), "it ends too early"),
        (APP_RUNS, b"\x1f\x8b\x08".to_vec(), "it ends too early"),
        (APP_RUNS, b"\x1f\x8bxxxxxxxxxxxxxxxxxx".to_vec(), "it cannot be unpacked: data error"),
        (APP_RUNS, gzip(&plain)[..100].to_vec(), "it ends too early"),
        (APP_RUNS, plain[..1000].to_vec(), "it ends too early"),
        (APP_RUNS, b"layer".to_vec(), "it is not an archive of files"),
        (APP_RUNS, vec![7; 2048], "it is not an archive of files"),
        (APP_RUNS, tar(&[("app", b'S', "", b"")]), "its archive has sparse files"),
        (
            APP_RUNS,
            header("app", b'L', "", 1 << 30),
            "an entry of its archive has a name of 1073741824 bytes",
        ),
    ] {
        expect(config, &[layer], expected);
    }
    // Whatever stands in a layer, it ends.
    let (packed, packed_well) = (gzip(&plain), zstd(&plain));
    for at in 0..100 {
        for base in [&plain, &packed, &packed_well] {
            let mut layer = base.clone();
            let place = at * 7 % layer.len();
            layer[place] ^= 0x55;
            look(&[("linux/amd64", APP_RUNS, &[layer])]);
        }
    }
}

#[test]
fn layers_that_two_machines_share_are_a_note() {
    let data = [tar(&[("data", b'0', "", b"x")])];
    let other = [tar(&[("data", b'0', "", b"y")])];
    let codes =
        |found: Vec<(&'static str, String)>| found.into_iter().map(|(code, _)| code).collect::<Vec<_>>();
    let (amd64, arm64) = ("linux/amd64", "linux/arm64");
    assert_eq!(
        codes(look(&[(amd64, "{}", &data), (arm64, "{}", &data)])),
        ["same-layers", "unread-program", "unread-program"]
    );
    assert_eq!(
        codes(look(&[(amd64, "{}", &data), (arm64, "{}", &other)])),
        ["unread-program", "unread-program"]
    );
    // A program that both have is for one of them.
    let program = [tar(&[("app", b'0', "", &elf(64, true, 62))])];
    let found = look(&[(amd64, APP_RUNS, &program), (arm64, APP_RUNS, &program)]);
    assert_eq!(found[1].1, "the images for linux/amd64, linux/arm64 have the same layers");
    assert_eq!(codes(found), ["wrong-machine", "same-layers"]);

    // The merge says it, too.
    let mut world = World::new();
    for (leg, architecture) in [("app-linux-amd64", "amd64"), ("app-linux-arm64", "arm64")] {
        let layout = world.layout("a");
        let entry = image(&layout, &format!("linux/{architecture}"), "{}", &data);
        let built = put(&layout, bakeplan::internals::oci::OCI_INDEX, &index(&[entry]));
        world.built.insert(leg.to_owned(), built.digest);
    }
    let options = Options { allow_mixed_bases: true, ..Options::default() };
    let report = world.merge(&plan(&["oci-layout:a"]), options);
    assert_eq!(report.problems, []);
    let [note] = report.notes.as_slice() else { panic!("{:?}", report.notes) };
    assert_eq!(
        (note.code.name(), note.message.as_str()),
        ("same-layers", "image `app`: the images for linux/amd64, linux/arm64 have the same layers")
    );
    assert_eq!(World::with_app(&["a"]).merge(&plan(&["oci-layout:a"]), Options::default()).notes, []);
}

#[test]
fn layers_are_read_only_when_that_is_asked_for() {
    let world = World::new();
    let layout = world.layout("a");
    let entry = image(&layout, "linux/amd64", APP_RUNS, &[tar(&[("app", b'0', "", &elf(64, true, 183))])]);
    put_tag(&layout, "1", &put(&layout, bakeplan::internals::oci::OCI_INDEX, &index(&[entry])));
    found(&of(&world, &[TAG]), &[]);
    for (arguments, code, told) in [
        (&["verify", TAG][..], 0, ""),
        (&["verify", "--content", TAG], 4, "error[wrong-machine]: "),
        (&["verify", "--content", "--explain", TAG], 2, "cannot be used with"),
    ] {
        let output = Test::new().files(world.root(), "").args(arguments.iter().copied()).output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
    }
    // With a plan, each image is looked at once, in however many tags it is.
    let world = merged();
    let report = content_of(&world, &[&format!("{APP}:1.4.2"), &format!("{APP}:latest")]);
    found(&report, &["unread-program", "unread-program"]);
    assert!(report.findings.iter().all(|finding| finding.references.len() == 2));
}
