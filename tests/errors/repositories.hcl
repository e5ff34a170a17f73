target "app" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["ghcr.io/Acme/App", "ghcr.io/acme/app:1"]
  tags         = ["1"]
}
