group "default" {
  targets = ["node"]
}

# One target for all versions, flavours and suites. A suite's name may be left out where the suite is the version's default.
target "node" {
  name   = "node-${replace(release.version, ".", "_")}-${flavour}-${suite}"
  matrix = {
    release = [
      { version = "26.8.0-rc.1", default = "trixie", channels = ["next"] },
      { version = "26.7.0", default = "trixie", channels = ["current"] },
      { version = "24.19.0", default = "bookworm", channels = ["lts", "krypton"] },
    ]
    flavour = ["full", "slim"]
    suite   = ["trixie", "bookworm"]
  }
  args = {
    VERSION = release.version
    FLAVOUR = flavour
    SUITE   = suite
  }
  platforms = ["linux/amd64", "linux/arm64"]
}

# Floating names belong to versions: 24.19.0 has lts, and all of its variants have it with their suffixes.
image "node" {
  repositories    = ["ghcr.io/acme/node"]
  version         = release.version
  prerelease_tags = ["{{ major }}-rc"]
  channels        = release.channels
  variant = [
    suite,
    flavour == "slim" ? ["slim"] : [""],
  ]
  default_variant = release.default
}
