target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["windows/amd64"]
}

image "app" {
  runners = { default = "ubuntu-24.04" }
}
