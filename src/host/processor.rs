//! Names the processor of this machine.

use super::Host;

impl Host {
    /// The platform of this machine as containerd names it, such as `linux/amd64` or `linux/arm64/v8`:
    /// <https://github.com/containerd/platforms/blob/main/defaults_unix.go>.
    #[must_use]
    pub fn local_platform(&self) -> String {
        let (os, arch) =
            go_names(std::env::consts::OS, std::env::consts::ARCH, cfg!(target_endian = "little"));
        if !matches!(arch, "arm" | "arm64") {
            return format!("{os}/{arch}");
        }
        let cpuinfo =
            if os == "linux" { self.read("/proc/cpuinfo").unwrap_or_default() } else { String::new() };
        format!("{os}/{arch}/{}", arm_variant(arch, &cpuinfo))
    }
}

/// Rust's names of an operating system and an architecture as Go's.
pub(super) fn go_names<'a>(os: &'a str, arch: &'a str, little_endian: bool) -> (&'a str, &'a str) {
    let os = if os == "macos" { "darwin" } else { os };
    let arch = match (arch, little_endian) {
        ("x86_64", _) => "amd64",
        ("x86", _) => "386",
        ("aarch64", _) => "arm64",
        ("loongarch64", _) => "loong64",
        ("powerpc64", true) => "ppc64le",
        ("powerpc64", false) => "ppc64",
        ("mips64", true) => "mips64le",
        ("mips", true) => "mipsle",
        (other, _) => other,
    };
    (os, arch)
}

/// The variant of an ARM processor: <https://github.com/containerd/platforms/blob/main/cpuinfo_linux.go>.
pub(super) fn arm_variant(arch: &str, cpuinfo: &str) -> &'static str {
    let field = |key: &str| {
        cpuinfo
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(key))
            .map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    let architecture = field("cpu architecture");
    match architecture.as_deref() {
        // A Raspberry Pi with ARMv6 says 7.
        Some("7")
            if arch == "arm" && field("model name").is_some_and(|m| m.starts_with("armv6-compatible")) =>
        {
            "v6"
        }
        Some("8" | "aarch64") => "v8",
        Some("6" | "6tej") => "v6",
        Some("5" | "5t" | "5te" | "5tej") => "v5",
        Some("7" | "7m") => "v7",
        _ if arch == "arm64" => "v8",
        _ => "v7",
    }
}
