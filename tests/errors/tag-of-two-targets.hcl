target "app" {
  tags      = ["ghcr.io/acme/app:1", "ghcr.io/acme/app:latest"]
  platforms = ["linux/amd64"]
}

target "web" {
  tags      = ["ghcr.io/acme/app:1", "ghcr.io/acme/app:latest"]
  platforms = ["linux/amd64", "linux/arm64"]
}
