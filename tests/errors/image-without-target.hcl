target "app" {
  tags = ["ghcr.io/acme/app:1"]
}

image "ap" {}

image "web" {}

image "site" {
  target = "website"
}

image "both" {
  target  = "app"
  targets = ["app"]
}
