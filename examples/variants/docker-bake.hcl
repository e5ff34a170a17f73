group "default" {
  targets = ["node"]
}

variable "RELEASES" {
  default = [
    { version = "26.8.0-rc.1", suite = "trixie", channels = ["next"] },
    { version = "26.7.0", suite = "trixie", channels = ["current"] },
    { version = "24.19.0", suite = "bookworm", channels = ["lts", "krypton"] },
  ]
}

# One target for all versions, flavours and suites.
target "node" {
  name   = "node-${replace(one.release.version, ".", "_")}-${one.flavour}-${one.suite}"
  matrix = {
    one = [for it in setproduct(RELEASES, ["full", "slim"], ["trixie", "bookworm"]) : {
      release = it[0]
      flavour = it[1]
      suite   = it[2]
    }]
  }
  args = {
    VERSION = one.release.version
    FLAVOUR = one.flavour
    SUITE   = one.suite
  }
  platforms = ["linux/amd64", "linux/arm64"]
}

# Builds push to ghcr.io, and the merge copies to quay.io. Floating names belong to versions: 24.19.0 has lts, and all of its
# variants have it with their suffixes. A suite's name may be left out where the suite is the version's default.
image "node" {
  repositories    = ["ghcr.io/acme/node"]
  mirrors         = ["quay.io/acme/node"]
  version         = one.release.version
  prerelease_tags = ["{{ major }}-rc"]
  channels        = one.release.channels
  variant         = [one.suite, one.flavour == "slim" ? "slim" : ""]
  default_variant = one.release.suite
}
