group "default" {
  targets = ["app", "webb"]
}

target "app" {
  tags = ["ghcr.io/acme/app:1"]
}

target "web" {}
