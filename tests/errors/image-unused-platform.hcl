target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64", "linux/arm64"]
}

image "app" {
  platform "linux/arm/v7" {
    dockerfile = "Dockerfile.arm"
  }
}
