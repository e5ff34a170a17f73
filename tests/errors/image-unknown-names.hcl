target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/arm64"]
}

image "app" {
  repository = ["ghcr.io/acme/app"]
  colour     = "red"

  plattform "linux/arm64" {}

  platform "linux/arm64" {
    dockerfil = "Dockerfile.arm64"

    runner {
      name = "arm"
    }
  }
}
