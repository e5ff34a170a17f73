target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64", "linux/arm64"]
}

target "app-linux-amd64" {
  tags      = ["ghcr.io/acme/other:1"]
  platforms = ["linux/arm/v7"]
}

group "app-linux-arm64" {
  targets = ["app"]
}
