target "amd64" {
  tags      = ["ghcr.io/acme/app:1", "ghcr.io/acme/app:latest"]
  platforms = ["linux/amd64"]
}

target "arm64" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/arm64"]
}
