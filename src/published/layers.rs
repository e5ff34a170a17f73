//! Images for different machines that have the same layers: rightly so if they hold data alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::oci::{DescriptorPlatform, ImageManifest};

/// Says which of these images are for different machines and have the same layers, if any.
#[must_use]
pub(crate) fn same_layers<'a>(
    images: impl Iterator<Item = (&'a DescriptorPlatform, &'a ImageManifest)>,
) -> Option<String> {
    let mut groups: BTreeMap<Vec<&str>, (BTreeSet<String>, BTreeSet<&str>)> = BTreeMap::new();
    for (platform, manifest) in images.filter(|(platform, _)| !platform.is_unknown()) {
        let layers: Vec<&str> = manifest.layers.iter().map(|layer| layer.digest.as_str()).collect();
        if !layers.is_empty() {
            let (platforms, machines) = groups.entry(layers).or_default();
            platforms.insert(platform.to_string());
            machines.insert(&platform.architecture);
        }
    }
    let same = groups.into_values().filter(|(_, machines)| machines.len() > 1);
    let same: Vec<String> =
        same.map(|(platforms, _)| platforms.into_iter().collect::<Vec<_>>().join(", ")).collect();
    (!same.is_empty())
        .then(|| format!("the images for {} have the same layers", same.join("; and those for ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Digest;

    #[test]
    fn only_other_machines_and_layers_that_are_there_count() {
        for (images, expected) in [
            ("linux/amd64=a,b linux/arm64=a,b", "linux/amd64, linux/arm64"),
            (
                "linux/amd64=a linux/arm64=b linux/s390x=a linux/386=b",
                "linux/386, linux/arm64; and those for linux/amd64, linux/s390x",
            ),
            ("linux/amd64=a,b linux/arm64=b,a", ""),
            ("linux/amd64=a linux/arm64=a,b", ""),
            ("linux/amd64= linux/arm64=", ""),
            ("linux/amd64=a windows/amd64=a", ""),
            ("linux/amd64=a unknown/unknown=a", ""),
            ("", ""),
        ] {
            let images: Vec<(DescriptorPlatform, ImageManifest)> = images
                .split_whitespace()
                .map(|image| {
                    let (platform, layers) = image.split_once('=').unwrap();
                    let (os, architecture) = platform.split_once('/').unwrap();
                    let platform = DescriptorPlatform {
                        os: os.to_owned(),
                        architecture: architecture.to_owned(),
                        ..DescriptorPlatform::default()
                    };
                    let blob = |name: &str| {
                        format!(r#"{{"digest":"{}","size":1}}"#, Digest::sha256(name.as_bytes()))
                    };
                    let layers: Vec<String> =
                        layers.split(',').filter(|layer| !layer.is_empty()).map(blob).collect();
                    let text = format!(r#"{{"config":{},"layers":[{}]}}"#, blob("config"), layers.join(","));
                    (platform, serde_json::from_str(&text).unwrap())
                })
                .collect();
            let found = same_layers(images.iter().map(|(platform, manifest)| (platform, manifest)));
            let expected =
                (!expected.is_empty()).then(|| format!("the images for {expected} have the same layers"));
            assert_eq!(found, expected);
        }
    }
}
