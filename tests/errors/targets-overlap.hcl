target "linux" {
  platforms = ["linux/amd64", "linux/arm64"]
}

target "arm" {
  platforms = ["linux/arm64/v8", "linux/arm/v7"]
}

image "app" {
  targets      = ["linux", "arm"]
  repositories = ["ghcr.io/acme/app"]
  tags         = ["1"]
}
