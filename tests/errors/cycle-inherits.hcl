target "app" {
  inherits = ["web"]
  tags     = ["ghcr.io/acme/app:1"]
}

target "web" {
  inherits = ["app"]
}
