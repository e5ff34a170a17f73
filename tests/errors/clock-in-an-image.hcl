# bakeplan bake -o committed.json
target "app" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["ghcr.io/acme/app-${formatdate("YYYY", timestamp())}"]
  tags         = ["1"]
}
