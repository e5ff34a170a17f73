group "default" {
  targets = ["tool"]
}

# Five releases from one target. Which of them owns 2.10, 2 and latest does not depend on their order.
target "tool" {
  name   = "tool-${replace(release, ".", "_")}"
  matrix = {
    release = ["2.9.7", "2.10.0", "2.10.1", "1.12.3", "3.0.0-rc.1"]
  }
  args      = { VERSION = release }
  platforms = ["linux/amd64", "linux/arm64"]
}

# The tags are those of every image with a version: all of it, major.minor, major and latest.
image "tool" {
  repositories = ["ghcr.io/acme/tool"]
  version      = release
}
