target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64", "linux/amd64/v3/x", "bogus", "linux/arm 64"]
}
