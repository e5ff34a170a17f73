//! Knows the names of operating systems and architectures: those of containerd, and others.

/// Operating systems that containerd knows: the words that may stand alone for an OS (containerd/platforms
/// `database.go`, `isKnownOS`).
pub(super) const OPERATING_SYSTEMS: [&str; 18] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    // Docker builds `wasi/wasm` (<https://docs.docker.com/build/building/multi-platform/>).
    "wasi",
    "windows",
    "zos",
];

/// Architectures that containerd knows, after normalising (`database.go`, `isKnownArch`).
pub(super) const ARCHITECTURES: [&str; 24] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "arm64",
    "arm64be",
    "armbe",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// What a processor or a system is that vendors, distributions and other programs call like this.
pub(super) fn other_name(part: &str) -> Option<&'static str> {
    Some(match part {
        "x64" | "x32" | "intel" | "intel64" | "em64t" | "amd" | "ia32e" => "amd64",
        "x86" | "ia32" | "i486" | "i586" | "i686" | "32bit" => "386",
        "apple" | "m1" | "graviton" | "arm64v8" | "arm64-v8" | "armv8" | "armv8l" | "armv8-a" | "aarch" => {
            "arm64"
        }
        "arm32" | "aarch32" | "arm32v7" | "armv7" | "armv7l" | "armv7a" | "armv7hf" | "armv7h" | "armhfp"
        | "armv7-a" => "arm/v7",
        "arm32v6" | "armv6" | "armv6l" | "armv6hf" | "rpi" => "arm/v6",
        "arm32v5" | "armv5" | "armv5l" | "armv5te" | "armv5tel" => "arm/v5",
        "ppc64el" | "powerpc64le" | "power" | "powerpc" | "ppcle" => "ppc64le",
        "loongarch64" | "loongarch" | "loong" => "loong64",
        "rv64" | "rv64gc" | "riscv64gc" | "risc-v" => "riscv64",
        "systemz" | "zarch" | "ibmz" => "s390x",
        "mipsel" => "mipsle",
        "mips64el" => "mips64le",
        "mac" | "macosx" | "osx" => "darwin",
        "win" | "win32" | "win64" => "windows",
        "gnu" | "ubuntu" | "debian" | "alpine" | "centos" => "linux",
        _ => return None,
    })
}
