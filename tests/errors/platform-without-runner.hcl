target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64", "windows/amd64"]
}
