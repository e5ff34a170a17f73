target "app" {
  matrix    = { base = ["alpine", "debian"] }
  name      = "app-${base}"
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["ghcr.io/acme/app"]
  version      = "1.2.3"
}
