# An ordinary Bake file: its tags say what is published where.

variable "VERSION" {
  default = "1.4.2"
}

group "default" {
  targets = ["app", "worker"]
}

target "_image" {
  platforms = ["linux/amd64", "linux/arm64"]
  labels = {
    "org.opencontainers.image.version" = VERSION
  }
}

target "app" {
  inherits = ["_image"]
  tags = [
    "acme/app:${VERSION}",
    "acme/app:latest",
    "ghcr.io/acme/app:${VERSION}",
  ]
}

target "worker" {
  inherits = ["_image"]
  args     = { ROLE = "worker" }
  tags     = ["ghcr.io/acme/worker:${VERSION}"]
}

# No slash, no registry: a tag for this machine.
target "debug" {
  inherits = ["app"]
  tags     = ["app-debug"]
}
