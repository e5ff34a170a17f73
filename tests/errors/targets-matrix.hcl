target "linux" {
  matrix    = { version = ["1.2", "1.3"] }
  name      = "linux-${replace(version, ".", "_")}"
  platforms = ["linux/amd64"]
}

target "arm" {
  matrix    = { version = ["1.2"] }
  name      = "arm-${replace(version, ".", "_")}"
  platforms = ["linux/arm64"]
}

image "app" {
  targets      = ["linux", "arm"]
  repositories = ["ghcr.io/acme/app"]
  version      = version
}
