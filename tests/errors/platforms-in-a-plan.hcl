target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64", "local", "linux/x86_64", "linux/aarch64,linux/arm64"]
}
