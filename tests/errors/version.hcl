target "app" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["ghcr.io/acme/app"]
  version      = "latest"
}
