//! Tests of `print`.

use snapbox::IntoData as _;

use super::*;
use crate::bake::target::flags;
use crate::bake::values::{Mark, Marks};

fn texts(list: &[&str]) -> Vec<Text> {
    list.iter().map(|text| Text::verbatim(text)).collect()
}

fn map(key: &str, value: &str) -> TextMap {
    [(key.into(), value.into())].into()
}

/// Every attribute, with a template marker where it takes free text.
fn full() -> Target {
    let marked = || Some(Text::verbatim("${x}"));
    Target {
        description: marked().into(),
        inherits: texts(&["p"]).into(),
        annotations: texts(&["a=%{x}"]).into(),
        attest: vec![
            flags::attestation(&"type=sbom,disabled=true".into()).unwrap(),
            Entry::of_type("provenance"),
        ]
        .into(),
        context: Some(".".into()),
        contexts: map("${k}", "${x}"),
        dockerfile: Some("D".into()),
        dockerfile_inline: marked().into(),
        args: map("A", "${x}"),
        labels: map("l", "%{x}"),
        tags: Some(texts(&["a:${x}", "<&>"])),
        cache_from: vec![Entry::of_type("gha").with("scope", "${x}")].into(),
        cache_to: Some(vec![]),
        target: Some("".into()).into(),
        secret: vec![flags::secret(&"id=i,env=E".into()).unwrap()].into(),
        ssh: vec![flags::ssh(&"k=p".into())].into(),
        platforms: Some(vec![]),
        output: Some(vec![Entry::of_type("image").with("name", "a").with("dest", "d")]),
        pull: Some(true),
        no_cache: Some(false),
        network: Some("none".into()).into(),
        no_cache_filter: texts(&["f"]).into(),
        shm_size: Some("1g".into()).into(),
        ulimits: texts(&["core=1"]).into(),
        resources: Some(Box::new(Resources {
            memory: Some("1g".into()),
            cpu_shares: Some(2.into()),
            cpuset_mems: Some("0".into()),
            ..Resources::default()
        })),
        call: Some("lint".into()).into(),
        entitlements: texts(&["network.host"]).into(),
        extra_hosts: map("h", "${x}"),
        policy: vec![flags::policy(&"filename=a,filename=${b},log-level=warn".into()).unwrap()].into(),
        ..Target::new("t")
    }
}

#[test]
fn a_full_target_prints_in_the_order_and_with_the_escapes_of_buildx() {
    let mut resolved = Resolved::default();
    resolved.targets.insert("t".into(), Box::new(full()));
    let members = Group { description: Some("d".into()), targets: Some(texts(&["t"])), ..Group::default() };
    resolved.groups.insert("default".into(), members);
    resolved.groups.insert("n".into(), Group::default());
    snapbox::assert_data_eq!(
        to_json(&resolved, &[]),
        snapbox::str![[r#"
{
  "group": {
    "default": {
      "description": "d",
      "targets": [
        "t"
      ]
    },
    "n": {
      "targets": null
    }
  },
  "target": {
    "t": {
      "description": "${x}",
      "inherits": [
        "p"
      ],
      "annotations": [
        "a=%%{x}"
      ],
      "attest": [
        {
          "disabled": true,
          "type": "sbom"
        },
        {
          "type": "provenance"
        }
      ],
      "context": ".",
      "contexts": {
        "${k}": "${x}"
      },
      "dockerfile": "D",
      "dockerfile-inline": "$${x}",
      "args": {
        "A": "$${x}"
      },
      "labels": {
        "l": "%%{x}"
      },
      "tags": [
        "a:${x}",
        "\u003c\u0026\u003e"
      ],
      "cache-from": [
        {
          "scope": "${x}",
          "type": "gha"
        }
      ],
      "target": "",
      "secret": [
        {
          "id": "i",
          "env": "E"
        }
      ],
      "ssh": [
        {
          "id": "k",
          "paths": [
            "p"
          ]
        }
      ],
      "output": [
        {
          "dest": "d",
          "name": "a",
          "type": "image"
        }
      ],
      "pull": true,
      "no-cache": false,
      "network": "none",
      "no-cache-filter": [
        "f"
      ],
      "shm-size": "1g",
      "ulimits": [
        "core=1"
      ],
      "resources": {
        "memory": "1g",
        "cpu-shares": 2,
        "cpuset-mems": "0"
      },
      "call": "lint",
      "entitlements": [
        "network.host"
      ],
      "extra-hosts": {
        "h": "$${x}"
      },
      "policy": [
        {
          "Files": [
            {
              "Filename": "a",
              "Data": null
            },
            {
              "Filename": "${b}",
              "Data": null
            }
          ],
          "Reset": false,
          "Disabled": false,
          "Strict": null,
          "LogLevel": "warning"
        }
      ]
    }
  }
}

"#]]
        .raw()
    );
}

#[test]
fn a_file_escapes_every_string_and_keeps_empty_lists() {
    snapbox::assert_data_eq!(
        ObjectWriter::text(|body| target(&full(), Form::File, body)),
        snapbox::str![[r#"
{
  "description": "$${x}",
  "inherits": [
    "p"
  ],
  "annotations": [
    "a=%%{x}"
  ],
  "attest": [
    {
      "disabled": true,
      "type": "sbom"
    },
    {
      "type": "provenance"
    }
  ],
  "context": ".",
  "contexts": {
    "$${k}": "$${x}"
  },
  "dockerfile": "D",
  "dockerfile-inline": "$${x}",
  "args": {
    "A": "$${x}"
  },
  "labels": {
    "l": "%%{x}"
  },
  "tags": [
    "a:$${x}",
    "\u003c\u0026\u003e"
  ],
  "cache-from": [
    {
      "scope": "$${x}",
      "type": "gha"
    }
  ],
  "cache-to": [],
  "target": "",
  "secret": [
    {
      "id": "i",
      "env": "E"
    }
  ],
  "ssh": [
    {
      "id": "k",
      "paths": [
        "p"
      ]
    }
  ],
  "platforms": [],
  "output": [
    {
      "dest": "d",
      "name": "a",
      "type": "image"
    }
  ],
  "pull": true,
  "no-cache": false,
  "network": "none",
  "no-cache-filter": [
    "f"
  ],
  "shm-size": "1g",
  "ulimits": [
    "core=1"
  ],
  "resources": {
    "memory": "1g",
    "cpu-shares": 2,
    "cpuset-mems": "0"
  },
  "call": "lint",
  "entitlements": [
    "network.host"
  ],
  "extra-hosts": {
    "h": "$${x}"
  },
  "policy": [
    "filename=a,filename=$${b},log-level=warning"
  ]
}
"#]]
        .raw()
    );
}

#[test]
fn nothing_prints_as_an_empty_object() {
    assert_eq!(to_json(&Resolved::default(), &[]), "{\n  \"target\": {}\n}\n");
    assert_eq!(ObjectWriter::text(|body| target(&Target::new("t"), Form::Print, body)), "{}");
    let empty = Target { resources: Some(Box::default()), ..Target::new("t") };
    assert_eq!(ObjectWriter::text(|body| target(&empty, Form::Print, body)), "{\n  \"resources\": {}\n}");
}

#[test]
fn kept_variables_stand_in_literal_text() {
    let kept = |text: &str| {
        MarkedStr::normalized(text.replace('<', "\u{fdd0}").replace('>', "\u{fdd1}"))
            .marked(&Marks::of(Mark::Kept("A".into())))
    };
    for (text, expected) in [
        ("<A>", "${A}"),
        ("x-<A>-y", "x-${A}-y"),
        ("${A} <A> %{if}", "$${A} ${A} %%{if}"),
        ("$<A>", r#"${"$"}${A}"#),
        ("a$$<A>$", r#"a${"$$"}${A}$"#),
        ("%<A>{", "%${A}{"),
    ] {
        assert_eq!(template(&kept(text)), expected, "{text}");
    }
}
